// A provider of OpenID Connect for the tests: the certified npm package oidc-provider, on 127.0.0.1.
// Prints its address once it listens. Whoever types the name of one of its people is signed in as them.
import http from 'node:http';
import Provider from 'oidc-provider';

const people = JSON.parse(process.argv[2]); // name to sign in with → claims
const client = JSON.parse(process.argv[3]);
const page = (form) => `<!doctype html><html lang="en"><title>St Example's</title><main><h1>St Example's</h1>${form}`;

function listening(server) {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}

function bodyOf(request) {
  return new Promise((resolve) => {
    let text = '';
    request.on('data', (chunk) => { text += chunk; });
    request.on('end', () => resolve(new URLSearchParams(text)));
  });
}

const server = http.createServer();
const issuer = await listening(server);
const provider = new Provider(issuer, {
  clients: [client],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  cookies: { keys: ['for tests alone'] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  ttl: { Session: 600, Grant: 600, Interaction: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
  findAccount: (_, id) => (people[id] ? { accountId: id, claims: () => ({ sub: id, ...people[id] }) } : undefined),
  async loadExistingGrant(ctx) { // nobody is asked to consent
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
});
// Sites of tests listen on whatever port is free.
provider.Client.prototype.redirectUriAllowed = (uri) => client.redirect_uris.includes(uri.replace(/:\d+/, ''));

const answer = provider.callback();
server.on('request', async (request, response) => {
  if (!request.url.startsWith('/interaction/')) {
    answer(request, response);
  } else if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(page(`<form method="post"><label>Name <input name="login"></label>
      <button>Sign in</button> <button name="cancel" value="yes">Cancel</button></form>`));
  } else {
    const form = await bodyOf(request);
    const result = form.has('cancel') ? { error: 'access_denied' } : { login: { accountId: form.get('login') } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
});
console.log(issuer);
