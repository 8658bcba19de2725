// Passkeys: a form marked data-passkey asks the server for options, lets the browser use or make a passkey, and then
// is sent like any other form, with the browser's answer in its field `credential`.
'use strict';

(() => {
  const CANCELLED = 'No passkey was used. Try again, or choose another way.';
  const WORDS = {
    NotAllowedError: CANCELLED,
    AbortError: CANCELLED,
    InvalidStateError: 'This device or key has a passkey for your account already.',
    NotSupportedError: 'This device cannot make a passkey of a kind that this site takes.',
    SecurityError: 'Passkeys do not work at this address.',
  };
  const NOT_ANSWERED = 'The site could not be asked. Reload the page and try again.';

  const bytesOf = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), sign => sign.charCodeAt(0));
  const textOf = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const known = list => (list ?? []).map(each => ({ ...each, id: bytesOf(each.id) }));

  const optionsOf = async form => {
    const answer = await fetch(form.dataset.passkey, {
      method: 'POST', headers: { 'X-CSRF-Token': form.elements.csrf_token.value },
    });
    const json = answer.headers.get('Content-Type')?.startsWith('application/json') ? await answer.json() : {};
    if (!answer.ok) throw new Error(json.words ?? NOT_ANSWERED);
    return json;
  };

  const make = async options => {
    const credential = await navigator.credentials.create({ publicKey: {
      ...options,
      challenge: bytesOf(options.challenge),
      user: { ...options.user, id: bytesOf(options.user.id) },
      excludeCredentials: known(options.excludeCredentials),
    } });
    return {
      ...shared(credential),
      response: {
        clientDataJSON: textOf(credential.response.clientDataJSON),
        attestationObject: textOf(credential.response.attestationObject),
        transports: credential.response.getTransports?.() ?? [],
      },
    };
  };

  const use = async options => {
    const credential = await navigator.credentials.get({ publicKey: {
      ...options,
      challenge: bytesOf(options.challenge),
      allowCredentials: known(options.allowCredentials),
    } });
    const { userHandle } = credential.response;
    return {
      ...shared(credential),
      response: {
        clientDataJSON: textOf(credential.response.clientDataJSON),
        authenticatorData: textOf(credential.response.authenticatorData),
        signature: textOf(credential.response.signature),
        userHandle: userHandle ? textOf(userHandle) : null,
      },
    };
  };

  const shared = credential => ({
    id: credential.id,
    rawId: textOf(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
  });

  const start = form => {
    const status = form.querySelector('[role=status]');
    let busy = false;
    form.addEventListener('submit', async event => {
      event.preventDefault();
      if (busy) return;
      busy = true;
      status.textContent = 'Waiting for your device…';
      try {
        const options = await optionsOf(form);
        const answer = await (options.user ? make(options) : use(options));
        form.elements.credential.value = JSON.stringify(answer);
        form.submit();
      } catch (fault) {
        status.textContent = WORDS[fault.name] ?? (fault instanceof TypeError ? NOT_ANSWERED : fault.message);
        busy = false;
      }
    });
  };

  // An address that is a number has no passkeys, and neither has one that is not secure.
  const numbered = /^[\d.]+$|^\[/.test(location.hostname);
  if (!window.isSecureContext || !window.PublicKeyCredential || numbered) return;
  for (const form of document.querySelectorAll('form[data-passkey]')) start(form);
  for (const part of document.querySelectorAll('[data-with-passkeys]')) part.hidden = false;
  for (const part of document.querySelectorAll('[data-without-passkeys]')) part.hidden = true;
  addEventListener('pageshow', () => {
    for (const status of document.querySelectorAll('form[data-passkey] [role=status]')) status.textContent = '';
  });
})();
