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
    place.textContent = ` Printed on ${today}.`;
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
