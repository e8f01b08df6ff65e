// Cards in groups. Many may be chosen (state "chosen"), or one is pressed (trigger "picked").
// All text goes in as text: nothing a person typed is ever read as markup.

const instances = new WeakMap(); // parentElement -> what this instance knows

const element = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".picker");
  let own = instances.get(parentElement);
  if (!own) {
    own = { chosen: new Set(), revision: null, drawn: null, open: new Map() };
    instances.set(parentElement, own);
  }
  // Python's choice counts when Python changed it; otherwise a late answer would undo a quick click.
  if (data.multiple && own.revision !== data.revision) {
    own.revision = data.revision;
    own.chosen = new Set(data.chosen);
  }

  const mark = () => {
    for (const card of root.querySelectorAll(".card")) {
      if (data.multiple) card.setAttribute("aria-pressed", String(own.chosen.has(card.dataset.id)));
    }
    for (const [heading, ids] of own.counts) {
      const count = ids.filter((id) => own.chosen.has(id)).length;
      heading.textContent = data.multiple && count ? `${count} chosen` : "";
    }
  };
  own.press = (id) => {
    if (!data.multiple) return setTriggerValue("picked", id);
    if (!own.chosen.delete(id)) own.chosen.add(id);
    mark();
    setStateValue("chosen", [...own.chosen]);
  };

  const drawn = JSON.stringify([data.label, data.multiple, data.groups]);
  if (own.drawn !== drawn) {
    own.drawn = drawn;
    own.counts = [];
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", data.label);
    const focused = parentElement.activeElement?.dataset?.id;
    root.replaceChildren(...data.groups.map((group) => drawGroup(group, own)));
    if (focused) root.querySelector(`.card[data-id="${CSS.escape(focused)}"]`)?.focus();
  }
  root.onkeydown = (event) => moveFocus(event, root, parentElement);
  mark();
}

function drawGroup(group, own) {
  const section = element("details", "group");
  section.classList.toggle("bare", !group.name);
  section.open = own.open.get(group.name) ?? !group.folded;
  section.ontoggle = () => own.open.set(group.name, section.open);
  const heading = element("summary", "heading");
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
  card.onclick = () => own.press(choice.id);
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
  if (choice.badges.length) {
    const badges = element("span", "badges");
    badges.append(...choice.badges.map((badge) => element("span", `badge ${badge.tone}`, badge.text)));
    text.append(badges);
  }
  card.append(text, element("span", "tick"));
  return card;
}

function moveFocus(event, root, parentElement) {
  const cards = [...root.querySelectorAll(".card:not(:disabled)")].filter((card) => card.offsetParent);
  const here = cards.indexOf(parentElement.activeElement);
  if (here < 0) return;
  const across = cards.filter((card) => card.offsetTop === cards[here].offsetTop).length;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
  const there = event.key === "Home" ? 0 : event.key === "End" ? cards.length - 1 : here + (step ?? NaN);
  if (Number.isNaN(there)) return;
  event.preventDefault();
  cards[Math.max(0, Math.min(cards.length - 1, there))].focus();
}
