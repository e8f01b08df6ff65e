// Cards in groups. Many may be chosen (state "chosen"), or one is pressed (trigger "picked").
// All text goes in as text: nothing a person typed is ever read as markup.

const instances = new WeakMap(); // parentElement -> what this instance knows
const KEYS = "Arrow keys move, Space chooses, Shift extends, Ctrl+A chooses all shown, Escape none.";

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".picker");
  let own = instances.get(parentElement);
  if (!own) {
    own = {
      root, parentElement, chosen: new Set(), revision: null, drawn: null, bar: null,
      open: new Map(), // group name -> opened by hand
      wanted: { words: "", filters: new Map() },
      anchor: null, // where a range begins
      before: null, // what was chosen before the range that Shift is drawing
    };
    instances.set(parentElement, own);
  }
  Object.assign(own, { data, setStateValue, setTriggerValue });
  // Python's choice counts when Python changed it; otherwise a late answer would undo a quick click.
  if (data.multiple && own.revision !== data.revision) {
    own.revision = data.revision;
    own.chosen = new Set(data.chosen);
    own.before = null;
  }
  const drawn = JSON.stringify([data.label, data.multiple, data.groups, data.filters]);
  if (own.drawn !== drawn) {
    own.drawn = drawn;
    draw(own);
  }
  mark(own);
}

// ── drawing ──────────────────────────────────────────────────────────────────────────────────

function draw(own) {
  const { root, data } = own;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", data.label);
  const focused = own.parentElement.activeElement?.dataset?.id;
  if (!own.groups) {
    own.groups = element("div", "groups");
    own.groups.onkeydown = (event) => press(own, event);
    own.groups.onkeyup = (event) => { if (event.key === "Shift") endRange(own); };
    own.groups.addEventListener("focusout", () => endRange(own));
    root.append(own.groups);
  }
  if (data.multiple) drawBar(own);
  own.counts = [];
  own.words = new Map(); // card -> what a search finds it by
  own.groups.classList.toggle("many", data.groups.reduce((sum, group) => sum + group.choices.length, 0) > 40);
  own.groups.replaceChildren(...data.groups.map((group) => drawGroup(group, own)));
  if (data.multiple) {
    own.groups.append(own.empty);
    root.setAttribute("aria-description", KEYS);
    sift(own);
  }
  if (focused) root.querySelector(`.card[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function drawBar(own) {
  const { data, wanted } = own;
  if (!own.bar) {
    own.bar = element("div", "bar");
    own.search = element("input", "search");
    own.search.type = "search";
    own.search.oninput = () => { wanted.words = own.search.value; sift(own); };
    own.status = element("span", "status");
    own.status.setAttribute("role", "status");
    own.empty = element("div", "empty", "Nothing matches.");
    const clear = element("button", "small", "Show all");
    clear.type = "button";
    clear.onclick = () => {
      wanted.words = own.search.value = "";
      wanted.filters.clear();
      for (const select of own.bar.querySelectorAll("select")) select.value = "";
      sift(own);
      own.search.focus();
    };
    own.empty.append(clear);
    own.root.prepend(own.bar);
  }
  own.search.placeholder = `Search ${data.label.toLowerCase()}`;
  own.search.setAttribute("aria-label", own.search.placeholder);
  const all = element("button", "small", "All");
  all.title = "Choose all that are shown (Ctrl+A on a card)";
  all.onclick = () => { for (const card of shown(own)) own.chosen.add(card.dataset.id); settle(own); };
  const none = element("button", "small", "None");
  none.title = "Choose none (Escape on a card)";
  none.onclick = () => { own.chosen.clear(); settle(own); };
  for (const button of [all, none]) button.type = "button";
  const typing = own.parentElement.activeElement === own.search;
  own.bar.replaceChildren(own.search, ...data.filters.map((filter) => drawFilter(filter, own)), own.status, all, none);
  if (typing) own.search.focus();
}

function drawFilter(filter, own) {
  const select = element("select", "filter");
  select.setAttribute("aria-label", filter.label);
  const any = element("option", "", `${filter.label}: any`);
  any.value = "";
  select.append(any);
  for (const [value, text] of filter.options) {
    const option = element("option", "", text);
    option.value = value;
    select.append(option);
  }
  const { filters } = own.wanted;
  select.value = filters.get(filter.key) ?? "";
  if (select.value === "") filters.delete(filter.key); // it has no such option any more
  select.onchange = () => {
    if (select.value) filters.set(filter.key, select.value);
    else filters.delete(filter.key);
    sift(own);
  };
  return select;
}

function drawGroup(group, own) {
  const section = element("details", "group");
  section.classList.toggle("bare", !group.name);
  section.dataset.folded = String(group.folded);
  section.dataset.name = group.name;
  section.open = own.open.get(group.name) ?? !group.folded;
  const heading = element("summary", "heading");
  heading.onclick = () => own.open.set(group.name, !section.open);
  const count = element("span", "count");
  heading.append(element("span", "name", group.name), count);
  if (group.note) heading.append(element("span", "note", group.note));
  own.counts.push([count, group.choices.map((choice) => choice.id)]);
  const cards = element("div", "cards");
  cards.classList.toggle("pictures", group.choices.some((choice) => choice.picture));
  cards.append(...group.choices.map((choice) => drawCard(choice, own)));
  section.append(heading, cards);
  return section;
}

function drawCard(choice, own) {
  const card = element("button", "card");
  card.type = "button";
  card.dataset.id = choice.id;
  card.disabled = choice.disabled;
  card.title = choice.title;
  card.onclick = (event) => click(own, card, event);
  if (own.data.multiple) card.tabIndex = -1;
  own.words.set(card, [`${choice.title} ${choice.detail} ${choice.words}`.toLowerCase(), choice.facets]);
  if (choice.picture) {
    const picture = element("img", "picture");
    picture.loading = "lazy";
    picture.decoding = "async";
    picture.width = choice.picture.width;
    picture.height = choice.picture.height;
    picture.alt = choice.picture.alt;
    picture.src = choice.picture.url;
    card.append(picture);
  }
  const text = element("span", "text");
  text.append(element("span", "title", choice.title));
  if (choice.detail) text.append(element("span", "detail", choice.detail));
  for (const fact of choice.facts) text.append(element("span", "fact", fact));
  if (choice.changed) text.append(element("span", "changed", choice.changed));
  if (choice.badges.length) {
    const badges = element("span", "badges");
    badges.append(...choice.badges.map((badge) => element("span", `badge ${badge.tone}`, badge.text)));
    text.append(badges);
  }
  card.append(text, element("span", "tick"));
  return card;
}

function mark(own) {
  if (!own.data.multiple) return;
  for (const card of own.words.keys()) {
    const is = String(own.chosen.has(card.dataset.id));
    if (card.getAttribute("aria-pressed") !== is) card.setAttribute("aria-pressed", is);
  }
  for (const [heading, ids] of own.counts) {
    const count = ids.filter((id) => own.chosen.has(id)).length;
    heading.textContent = count ? `${count} chosen` : "";
  }
  let [chosen, hidden] = [0, 0];
  for (const card of own.words.keys()) {
    if (card.getAttribute("aria-pressed") !== "true" || card.disabled) continue;
    chosen += 1;
    hidden += card.hidden;
  }
  const status = hidden ? `${chosen} chosen, ${hidden} not shown` : `${chosen} chosen`;
  if (own.status.textContent !== status) own.status.textContent = status;
}

// ── searching ────────────────────────────────────────────────────────────────────────────────

function sift(own) {
  const { words, filters } = own.wanted;
  const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
  const kinds = new Map(own.data.filters.map((filter) => [filter.key, filter]));
  const fits = (facets) => [...filters].every(([key, value]) => {
    const has = facets[key] ?? [];
    return kinds.get(key)?.since ? has.some((one) => one >= value) : has.includes(value);
  });
  const sifting = parts.length > 0 || filters.size > 0;
  let left = 0;
  for (const section of own.groups.querySelectorAll(".group")) {
    let here = 0;
    for (const card of section.querySelectorAll(".card")) {
      const [text, facets] = own.words.get(card);
      card.hidden = !(parts.every((part) => text.includes(part)) && fits(facets));
      here += !card.hidden;
    }
    left += here;
    section.hidden = here === 0;
    // What is found is shown, even in a group that is folded; afterwards it is as it was.
    const { name, folded } = section.dataset;
    section.open = sifting || (own.open.get(name) ?? folded !== "true");
  }
  own.empty.hidden = left > 0;
  const reachable = own.tab?.isConnected && !own.tab.hidden ? own.tab : shown(own)[0];
  if (own.tab) own.tab.tabIndex = -1;
  own.tab = reachable;
  if (reachable) reachable.tabIndex = 0;
  mark(own);
}

function shown(own) {
  return [...own.groups.querySelectorAll(".card:not(:disabled):not([hidden])")].filter((card) => card.offsetParent);
}

// ── choosing ─────────────────────────────────────────────────────────────────────────────────

function settle(own) {
  own.before = null;
  mark(own);
  own.setStateValue("chosen", [...own.chosen]);
}

function click(own, card, event) {
  if (!own.data.multiple) return own.setTriggerValue("picked", card.dataset.id);
  // A keyboard's press has detail 0: there Shift goes with the arrows.
  const from = event.shiftKey && event.detail > 0 && own.anchor;
  if (from && from !== card.dataset.id && range(own, from, card.dataset.id).length) {
    const choosing = own.chosen.has(from);
    for (const id of range(own, from, card.dataset.id)) {
      if (choosing) own.chosen.add(id);
      else own.chosen.delete(id);
    }
  } else if (!own.chosen.delete(card.dataset.id)) own.chosen.add(card.dataset.id);
  own.anchor = card.dataset.id;
  focusOn(own, card);
  settle(own);
}

function range(own, from, to) {
  const ids = shown(own).map((card) => card.dataset.id);
  const [here, there] = [ids.indexOf(from), ids.indexOf(to)];
  return here < 0 || there < 0 ? [] : ids.slice(Math.min(here, there), Math.max(here, there) + 1);
}

function endRange(own) {
  if (own.before) settle(own); // one answer to Python for the whole range
}

function focusOn(own, card) {
  if (own.tab) own.tab.tabIndex = -1;
  own.tab = card;
  card.tabIndex = 0;
  if (own.parentElement.activeElement !== card) card.focus();
}

function press(own, event) {
  const cards = shown(own);
  const here = cards.indexOf(own.parentElement.activeElement);
  if (here < 0) return;
  const multiple = own.data.multiple;
  if (multiple && event.key === "Escape") {
    own.chosen.clear();
    settle(own);
  } else if (multiple && event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
    for (const card of cards) own.chosen.add(card.dataset.id);
    settle(own);
  } else {
    const there = next(cards, here, event.key);
    if (!there) return;
    if (multiple && event.shiftKey) {
      own.before ??= { chosen: new Set(own.chosen), from: cards[here].dataset.id };
      own.chosen = new Set([...own.before.chosen, ...range(own, own.before.from, there.dataset.id)]);
      const before = own.before;
      own.before = null; // moving the focus is no end of the range
      focusOn(own, there);
      own.before = before;
      mark(own);
    } else if (multiple) focusOn(own, there);
    else there.focus();
    own.anchor = there.dataset.id;
  }
  event.preventDefault();
  event.stopPropagation();
}

function next(cards, here, key) {
  const at = cards[here];
  if (key === "Home") return cards[0];
  if (key === "End") return cards.at(-1);
  if (key === "ArrowRight") return cards[here + 1] ?? at;
  if (key === "ArrowLeft") return cards[here - 1] ?? at;
  if (key !== "ArrowDown" && key !== "ArrowUp") return null;
  // The nearest card of the next row: groups may have rows of other lengths.
  const ahead = key === "ArrowDown"
    ? cards.slice(here).filter((card) => card.offsetTop > at.offsetTop)
    : cards.slice(0, here).reverse().filter((card) => card.offsetTop < at.offsetTop);
  const row = ahead.filter((card) => card.offsetTop === ahead[0].offsetTop);
  const off = (card) => Math.abs(card.offsetLeft - at.offsetLeft);
  return row.reduce((best, card) => (best && off(best) <= off(card) ? best : card), null) ?? at;
}
