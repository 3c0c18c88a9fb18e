// Elements without markup in strings: nothing that somebody wrote can become code.

/** An element: `el('p', {class: 'faint', onclick: f, data: {code}}, 'words', child, …)`. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (key === 'data') Object.assign(made.dataset, value);
    else if (value === true) made.setAttribute(key, '');
    else made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

/** A notice as the macro of the templates writes it; kinds good, bad, note. */
export function notice(kind, ...children) {
  const icon = el('span', {class: 'notice-icon', 'aria-hidden': 'true'}, {good: '✓', bad: '!', note: 'i'}[kind]);
  return el('div', {class: `notice notice-${kind}`, role: kind === 'bad' ? 'alert' : 'status'}, icon, el('div', {}, ...children));
}
