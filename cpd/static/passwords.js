// Passwords can be looked at while they are typed, and a new one is judged in words. Every page works without this
// file. The site decides which password it takes: it knows many more words than stand here, and no password is sent
// to it before the form is.
'use strict';

{
  const WAIT = 300; // ms without typing, so that nobody is told at every key
  const RUNS = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'azertyuiop', 'qwertzuiop', '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
    'abcdefghijklmnopqrstuvwxyz', '01234567890', '!"£$%^&*()', '!@#$%^&*()'];
  const bothWays = RUNS.flatMap(run => [run, [...run].reverse().join('')]);

  const showable = input => {
    const button = document.createElement('button');
    const said = document.createElement('span');
    const box = document.createElement('div');
    const say = shown => {
      input.type = shown ? 'text' : 'password';
      button.textContent = shown ? 'Hide' : 'Show';
      button.setAttribute('aria-label', shown ? 'Hide what you type' : 'Show what you type');
    };
    box.className = 'reveal';
    button.type = 'button';
    button.className = 'btn btn--line';
    button.setAttribute('aria-controls', input.id);
    said.className = 'vh';
    said.setAttribute('role', 'status');
    input.before(box);
    box.append(input, button, said);
    say(false);
    button.addEventListener('click', () => {
      const shown = input.type === 'password';
      say(shown);
      said.textContent = shown ? 'Your password is shown' : 'Your password is hidden';
    });
    // A browser keeps what was typed into a field of text.
    input.form?.addEventListener('submit', () => say(false));
  };

  // What others know of the learner, as far as it stands on this page: words of three letters or more.
  const ownWords = input => {
    const fields = ['name', 'email', 'registration_number', 'username'].map(name => input.form?.elements[name]?.value ?? '');
    const site = document.querySelector('.logo')?.textContent ?? '';
    return [...fields, site].join(' ').toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(word => word.length >= 3);
  };

  const longestRun = (text, start) => {
    let longest = 0;
    for (const run of bothWays) {
      while (start + longest < text.length && run.includes(text.slice(start, start + longest + 1))) longest++;
    }
    return longest;
  };

  // A text without what follows the keys of a keyboard or counts.
  const withoutRuns = text => {
    let rest = '';
    for (let at = 0; at < text.length;) {
      const length = longestRun(text, at);
      if (length < 4) rest += text[at];
      at += length < 4 ? 1 : length;
    }
    return rest;
  };

  const judged = (typed, input) => {
    const text = typed.normalize('NFKC').toLowerCase();
    const missing = Number(input.dataset.shortest) - [...text].length;
    if (missing > 0) return ['low', `${missing} more character${missing === 1 ? '' : 's'} needed`];
    const enough = Number(input.dataset.shortest) < 15 ? 5 : 9; // letters and digits that nobody could guess from the rest
    const count = rest => rest.replace(/[^\p{L}\p{N}]/gu, '').length;
    if (/^(.{1,8}?)\1+.{0,4}$/u.test(text) || new Set(text).size < 5) return ['low', 'Easy to guess: it repeats itself'];
    const withoutOwn = ownWords(input).reduce((rest, word) => rest.replaceAll(word, ' '), text);
    if (count(withoutOwn) < enough) return ['low', 'Easy to guess: it is mostly your own details or the name of this site'];
    if (count(withoutRuns(withoutOwn)) < enough) return ['low', 'Easy to guess: it follows the keyboard, or it counts'];
    const words = new Set(withoutOwn.split(/[^\p{L}]+/u).filter(word => word.length >= 3));
    if (words.size >= 4 || count(withoutRuns(withoutOwn)) >= 20) return ['high', 'Strong, if you did not choose it for its meaning'];
    return ['fair', 'Long enough. Words that are easy to guess are looked for when you send it'];
  };

  const judging = input => {
    const said = document.createElement('p');
    let timer;
    said.className = 'strength';
    said.setAttribute('role', 'status');
    input.closest('.field').append(said);
    const say = () => {
      const [level, words] = input.value ? judged(input.value, input) : ['', ''];
      said.dataset.level = level;
      said.textContent = words;
    };
    input.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(say, WAIT);
    });
  };

  for (const input of document.querySelectorAll('input[type=password]')) {
    showable(input);
    if (input.dataset.shortest) judging(input);
  }
}
