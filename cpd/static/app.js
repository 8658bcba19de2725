// Progressive enhancement only: every page works without this file.
'use strict';

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// A form that comes back: its summary is where reading goes on.
one('[data-focus]')?.focus();

// Printing needs a script, so its button is only shown by one.
for (const box of all('[data-print]')) {
  box.hidden = false;
  one('button', box).addEventListener('click', () => print());
}
addEventListener('beforeprint', () => {
  for (const place of all('[data-printed]')) {
    const today = new Date().toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
    place.textContent = `Printed on ${today}.`;
  }
});

// Drug cards. Pointing at a link or moving to it by keyboard opens its card after a moment; the pointer may enter
// the card; it stays until both are left, or Escape is pressed (WCAG 1.4.13). Fingers open the monograph itself.
const WAIT = 250; // ms
const EDGE = 16; // px
const fetched = new Map(); // address -> promise of HTML
let card, cardLink, timer, leaving = false;

const cardHtml = address => {
  if (!fetched.has(address)) {
    const answer = fetch(address, { headers: { 'X-Requested-With': 'fetch' } }).then(response => {
      if (!response.ok || response.redirected && !response.url.endsWith('/card')) throw new Error(response.status);
      return response.text();
    });
    answer.catch(() => fetched.delete(address));
    fetched.set(address, answer);
  }
  return fetched.get(address);
};

const hideCard = () => {
  clearTimeout(timer);
  cardLink?.removeAttribute('aria-describedby');
  cardLink = undefined;
  if (card?.matches(':popover-open')) card.hidePopover();
};

const makeCard = () => {
  const element = document.createElement('div');
  element.className = 'hovercard';
  element.id = 'drug-card';
  element.popover = 'manual';
  element.setAttribute('role', 'group');
  element.setAttribute('aria-label', 'Summary');
  element.addEventListener('pointerenter', () => clearTimeout(timer));
  element.addEventListener('pointerleave', hideSoon);
  element.addEventListener('focusin', () => clearTimeout(timer));
  element.addEventListener('focusout', hideSoon);
  return element;
};

const placeCard = link => {
  const line = link.getClientRects()[0];
  const below = line.bottom + 8;
  const fits = below + card.offsetHeight < innerHeight;
  const start = Math.max(EDGE, Math.min(line.left, document.documentElement.clientWidth - card.offsetWidth - EDGE));
  card.style.left = `${start + scrollX}px`;
  card.style.top = `${(fits ? below : Math.max(EDGE, line.top - card.offsetHeight - 8)) + scrollY}px`;
};

const showCard = async link => {
  let html;
  cardLink = link;
  try {
    html = await cardHtml(link.dataset.card);
  } catch {
    return; // the link itself still leads to the monograph
  }
  if (cardLink !== link) return;
  card ??= makeCard();
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  if (!one('.hovercard__title', parsed)) return;
  card.replaceChildren(...parsed.body.childNodes);
  link.after(card); // the next Tab from the link goes into the card
  card.showPopover();
  link.setAttribute('aria-describedby', card.id);
  placeCard(link);
};

const showSoon = link => {
  clearTimeout(timer);
  if (link !== cardLink) timer = setTimeout(() => { hideCard(); showCard(link); }, WAIT);
};

function hideSoon() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (card?.matches(':hover') || card?.contains(document.activeElement)) return;
    if (cardLink?.matches(':hover, :focus-visible')) return;
    hideCard();
  }, WAIT);
}

if ('popover' in HTMLElement.prototype) {
  for (const link of all('.drug[data-card]')) {
    link.addEventListener('pointerenter', event => { if (event.pointerType !== 'touch') showSoon(link); });
    link.addEventListener('pointerleave', hideSoon);
    link.addEventListener('focus', () => { if (!leaving && link.matches(':focus-visible')) showSoon(link); });
    link.addEventListener('blur', hideSoon);
  }
  addEventListener('keydown', event => {
    if (event.key !== 'Escape' || !cardLink) return;
    leaving = true; // back on the link, without opening its card again
    if (card?.contains(document.activeElement)) cardLink.focus();
    leaving = false;
    hideCard();
  });
}

// The contents list follows the reader.
const entries = all('.toc-col .toc a');
const targets = entries.map(link => document.getElementById(link.hash.slice(1)));
const follow = () => {
  const line = innerHeight * .35;
  const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
  const reached = targets.filter(target => target && target.getBoundingClientRect().top < line);
  const current = atEnd ? targets.at(-1) : reached.at(-1) ?? targets[0];
  for (const link of all('.toc a')) {
    if (current && link.hash === `#${current.id}`) link.setAttribute('aria-current', 'location');
    else link.removeAttribute('aria-current');
  }
};
if (entries.length) {
  let asked = false;
  const later = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; follow(); });
  };
  addEventListener('scroll', later, { passive: true });
  addEventListener('resize', later, { passive: true });
  follow();
}

// A folded contents list closes when a place in it is chosen.
for (const list of all('details.toc')) {
  list.addEventListener('click', event => { if (event.target.closest('a')) list.open = false; });
}

// A rail that scrolls by itself can be scrolled by keyboard.
const reachRails = () => {
  for (const rail of all('.rail')) {
    if (rail.scrollHeight > rail.clientHeight) rail.tabIndex = 0;
    else rail.removeAttribute('tabindex');
  }
};
addEventListener('resize', reachRails, { passive: true });
reachRails();

// The catalogue's filters: say what came, once it is there.
const results = one('#results');
if (results) {
  const status = one('#results-status');
  let slow;
  document.addEventListener('htmx:beforeRequest', () => {
    results.setAttribute('aria-busy', 'true');
    slow = setTimeout(() => { status.textContent = 'Searching…'; }, 400);
  });
  document.addEventListener('htmx:afterRequest', () => {
    clearTimeout(slow);
    results.removeAttribute('aria-busy');
  });
  document.addEventListener('htmx:afterSettle', () => { status.textContent = one('h2', results)?.textContent ?? ''; });
}

// A monograph. What its page leaves out of a long section is put there once it is opened.
const partOf = async address => {
  const response = await fetch(address, { headers: { 'X-Requested-With': 'fetch' } });
  const part = one('[data-part]', new DOMParser().parseFromString(await response.text(), 'text/html'));
  if (!response.ok || !part) throw new Error(response.status);
  return part;
};

document.addEventListener('toggle', async event => {
  const fold = event.target;
  if (!fold.open || !fold.dataset?.fold) return;
  const said = one('.fold__status', fold);
  const slow = setTimeout(() => { said.textContent = 'Loading…'; }, 400);
  fold.setAttribute('aria-busy', 'true');
  try {
    const part = document.adoptNode(await partOf(fold.dataset.fold));
    part.tabIndex = -1; // reading goes on where the fold was
    fold.replaceWith(part);
    part.focus({ preventScroll: true });
  } catch {
    said.textContent = 'This part could not be loaded. Open it on its own page.';
  }
  clearTimeout(slow);
  fold.removeAttribute('aria-busy');
}, true);

// A note is saved a moment after typing. The button saves it too, and keeps it through signing in.
const AFTER_TYPING = 3000; // ms
const TRY_AGAIN = 10000; // ms
const WHY_NOT = {
  400: 'Not saved: this page was open for too long. Copy your text, reload the page and paste it.',
  403: 'Not saved: you are signed out. Press Save to sign in; your text is kept.',
};
for (const form of all('[data-autosave]')) {
  const field = one('textarea', form);
  const said = one('[role=status]', form);
  let saved = field.value, sending = false, timer;

  const refuse = why => {
    one('.error', form)?.remove();
    field.toggleAttribute('aria-invalid', Boolean(why));
    field.closest('.field').classList.toggle('field--error', Boolean(why));
    if (why) {
      const error = document.createElement('p');
      error.className = 'error';
      error.id = 'note-error';
      error.textContent = why;
      field.before(error);
      field.setAttribute('aria-invalid', 'true');
    }
    field.setAttribute('aria-describedby', why ? 'note-hint note-error' : 'note-hint');
  };
  const later = wait => {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  };
  const send = async (text, keepalive) => {
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(form.action, { method: 'POST', headers: { 'X-Requested-With': 'fetch' }, body, keepalive });
    if (response.status in WHY_NOT) {
      said.textContent = WHY_NOT[response.status];
    } else if (response.ok || response.status === 422) {
      const words = await response.text();
      said.textContent = response.ok ? words : 'Not saved';
      refuse(response.ok ? '' : words);
      saved = text;
    } else {
      throw new Error(response.status);
    }
  };
  async function save(keepalive = false) {
    const text = field.value;
    if (text === saved || sending) return;
    sending = true;
    try {
      await send(text, keepalive === true);
      if (field.value !== text) later(AFTER_TYPING);
    } catch {
      said.textContent = 'Not saved yet. Trying again…';
      later(TRY_AGAIN);
    }
    sending = false;
  }
  field.addEventListener('input', () => later(AFTER_TYPING));
  form.addEventListener('submit', () => { clearTimeout(timer); saved = field.value; });
  document.addEventListener('visibilitychange', () => { if (document.hidden) save(true); });
}

// The link to a citation unfolds it.
const unfold = () => { if (location.hash === '#cite') one('#cite').open = true; };
if (one('#cite')) {
  addEventListener('hashchange', unfold);
  unfold();
}

// Copying needs a script, so its button is only shown by one: the text of a citation, or the address of a page.
for (const box of all('[data-copy]')) {
  const button = one('button', box);
  const text = one('[data-citation]', box.parentElement);
  const said = one('[role=status]', box);
  box.hidden = !text && !navigator.clipboard;
  button.addEventListener('click', async () => {
    try {
      const words = text ? text.textContent : new URL(button.dataset.link, location.href).href;
      await navigator.clipboard.writeText(words);
      said.textContent = 'Copied';
    } catch {
      if (text) getSelection().selectAllChildren(text);
      said.textContent = text ? 'The text is selected. Copy it with your keyboard.' : 'Copy the address of this page.';
    }
  });
}

// Parts of a page that are the visitor's own, each with a link to the same on a page of its own.
for (const place of all('[data-fragment]')) {
  fetch(place.dataset.fragment, { headers: { 'X-Requested-With': 'fetch' } }).then(async response => {
    const parsed = new DOMParser().parseFromString(await response.text(), 'text/html');
    if (response.ok && !one('main', parsed)) place.replaceChildren(...parsed.body.childNodes);
  }).catch(() => {}); // the link stays
}

// What was just done is said once the page is there: what stood in it from the start is not read out.
const toast = one('[data-message] [role=status]');
if (toast) setTimeout(() => toast.replaceChildren(toast.textContent), 500);

// At most so many checkboxes of a form: the others wait, and a sentence says why.
for (const form of all('form[data-most]')) {
  const most = Number(form.dataset.most);
  const words = one('[data-most-words]', form);
  if (!words) continue;
  const usual = words.textContent;
  const boxes = () => [...form.elements].filter(each => each.type === 'checkbox');
  const count = () => {
    const full = boxes().filter(box => box.checked).length >= most;
    for (const box of boxes()) box.disabled = full && !box.checked;
    words.textContent = full ? 'That is four. Clear one to choose another.' : usual;
  };
  document.addEventListener('change', event => { if (event.target.form === form) count(); });
  addEventListener('pageshow', count);
}

// A comparison: identical rows are hidden at once, and the address says so.
const same = one('[data-identical]');
if (same) {
  one('button', same).hidden = true;
  const box = one('input[type=checkbox]', same);
  box.addEventListener('change', () => {
    one('.cmp').classList.toggle('cmp--short', box.checked);
    const address = new URL(location.href);
    if (box.checked) address.searchParams.set('identical', 'hide');
    else address.searchParams.delete('identical');
    history.replaceState(history.state, '', address);
  });
}

// The beginning of a long section is replaced by all of it, where it stands.
const openWhole = async link => {
  const part = await partOf(link.href);
  for (const heading of all('h2, h3, h4, h5, h6', part)) {
    const line = document.createElement('p');
    line.className = 'cmp-h';
    line.append(...heading.childNodes);
    heading.replaceWith(line);
  }
  for (const element of all('[id]', part)) element.removeAttribute('id');
  const cell = link.closest('td');
  cell.replaceChildren(...document.adoptNode(part).childNodes);
  cell.tabIndex = -1;
  cell.focus({ preventScroll: true });
};
addEventListener('click', event => {
  const link = event.target.closest?.('a[data-rest]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  link.setAttribute('aria-busy', 'true');
  openWhole(link).catch(() => { location.href = link.href; });
});
// Search: "/" leads to it, and names are offered while one types. The box is a combobox: arrows move among the offers
// and Enter follows the one that is marked; without one Enter searches. Escape closes the list.
const PAUSE = 120; // ms without a key
addEventListener('keydown', event => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest?.('input, textarea, select, [contenteditable]')) return;
  const box = all('[data-suggest]').find(each => each.offsetParent);
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});

const completed = (input, list, status) => {
  const kept = new Map(); // what was typed -> promise of HTML
  let asked, waiting, active;
  const options = () => all('[role=option]', list);
  const mark = option => {
    active?.setAttribute('aria-selected', 'false');
    active = option;
    if (!option) return input.removeAttribute('aria-activedescendant');
    option.setAttribute('aria-selected', 'true');
    option.scrollIntoView({ block: 'nearest' });
    input.setAttribute('aria-activedescendant', option.id);
  };
  const close = () => {
    clearTimeout(waiting);
    asked = undefined;
    mark();
    list.hidden = true;
    status.textContent = '';
    input.setAttribute('aria-expanded', 'false');
  };
  const show = html => {
    mark();
    list.replaceChildren(...new DOMParser().parseFromString(html, 'text/html').body.childNodes);
    const found = options();
    if (!found.length) return close();
    found.forEach((option, number) => { option.id = `${list.id}-${number}`; });
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    status.textContent = `${found.length} suggestions`;
  };
  const ask = async () => {
    const typed = input.value.trim();
    asked = typed;
    if (!typed) return close();
    if (!kept.has(typed)) {
      const answer = fetch(`/search/complete?${new URLSearchParams({ q: typed })}`).then(response => {
        if (!response.ok) throw new Error(response.status);
        return response.text();
      });
      answer.catch(() => kept.delete(typed));
      kept.set(typed, answer);
    }
    try {
      const html = await kept.get(typed);
      if (asked === typed) show(html);
    } catch {
      if (asked === typed) close(); // the form itself still searches
    }
  };
  const move = step => {
    const found = options();
    const place = found.indexOf(active) + step;
    mark(found[place < -1 ? found.length - 1 : place]);
  };
  input.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(ask, PAUSE); });
  input.addEventListener('blur', close);
  list.addEventListener('pointerdown', event => event.preventDefault()); // the box keeps the focus, the list stays
  input.addEventListener('keydown', event => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown' && list.hidden) ask();
    else if (list.hidden) return;
    else if (event.key === 'ArrowDown') move(1);
    else if (event.key === 'ArrowUp') move(active ? -1 : -2);
    else if (event.key === 'Escape') close();
    else if (event.key === 'Enter' && active) active.click();
    else return;
    event.preventDefault();
  });
};

for (const input of all('[data-suggest]')) {
  const list = document.createElement('div'), status = document.createElement('p');
  list.className = 'suggest';
  list.id = `${input.id}-offers`;
  list.hidden = true;
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', 'Suggestions');
  status.className = 'vh';
  status.setAttribute('role', 'status');
  input.form.append(list, status);
  const attributes = { role: 'combobox', 'aria-expanded': 'false', 'aria-controls': list.id, 'aria-autocomplete': 'list' };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
  completed(input, list, status);
}
