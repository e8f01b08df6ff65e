// ── the stage: the two pictures, the room behind them, pin and lens ─────────────────────────

const NAMES = { left: "Left", right: "Right" };

function build(own) {
  const { root } = own;
  root.tabIndex = -1;
  own.progress = element("p", "progress");
  own.saying = describe(element("p", "unseen"), { role: "status" });
  own.keysButton = tool("Keys", "Show the keys", "?", () => showKeys(own));
  const top = element("div", "bar top");
  top.append(own.progress, own.keysButton);

  own.stage = describe(element("div", "stage"), { role: "group", "aria-label": "The two pictures" });
  own.nothing = element("p", "nothing");
  own.waiting = element("p", "nothing", "One moment: the next pair is being chosen.");

  own.choices = describe(element("div", "choices"), { role: "group", "aria-label": "Your choice" });
  own.choices.append(
    tool("Left is better", "Left is better", "←", () => choose(own, "left"), "choice"),
    tool("Equally good", "Equally good", "T", () => choose(own, "tie"), "choice even"),
    tool("Both bad", "Both bad", "B", () => choose(own, "both bad"), "choice even"),
    tool("Right is better", "Right is better", "→", () => choose(own, "right"), "choice"),
  );

  own.reasonBar = describe(element("div", "bar reasons"), { role: "group", "aria-label": "Why the other one loses" });
  own.chips = own.data.reasons.map((reason, place) => {
    const chip = tool(reason, `Because of: ${reason}`, String(place + 1), () => giveReason(own, place), "chip");
    chip.dataset.reason = reason;
    return chip;
  });
  own.reasonBar.append(element("span", "word", "Why the loser loses (before you choose):"), ...own.chips);

  own.originalButton = tool("Original", "Show the room as it was", "O", () => showOriginal(own, !own.original));
  own.closer = tool("Closer", "Look closer", "Z", () => lookCloser(own, !own.close));
  own.undo = tool("Undo", "Take the last vote back", "U", () => undo(own));
  own.place = element("span", "place");
  own.way = element("span", "way");
  own.way.append(
    tool("‹", "Previous view", ",", () => turn(own, -1)),
    own.place,
    tool("›", "Next view", ".", () => turn(own, 1)),
  );
  own.tools = element("div", "tools");
  own.tools.append(own.way, own.originalButton, own.closer, tool("Skip", "Skip this pair", "S", () => choose(own, "skip")));
  const lower = element("div", "bar lower");
  lower.append(own.tools, own.undo);

  own.help = element("dialog", "keys");
  root.append(top, own.stage, own.nothing, own.waiting, own.choices, own.reasonBar, lower, own.saying, own.help);
}

function tool(text, label, key, press, className = "") {
  const node = describe(element("button", `tool ${className}`), {
    type: "button",
    "aria-label": label,
    "aria-keyshortcuts": { "←": "ArrowLeft", "→": "ArrowRight" }[key] ?? key,
    title: `${label} (${key})`,
  });
  node.append(element("span", "", text), describe(element("kbd", "", key), { "aria-hidden": "true" }));
  node.onclick = press;
  return node;
}

// The pictures of a ballot, made once: shown again they need not be fetched, and their addresses end with the vote.
function layerOf(own, paper) {
  const known = own.layers.get(paper.id);
  if (known) return known;
  const images = paper.views.map((view, place) => {
    const of = paper.views.length > 1 ? `, view ${place + 1}` : "";
    return {
      left: picture(own, paper, view.left, `Left picture${of}`),
      right: picture(own, paper, view.right, `Right picture${of}`),
      room: [0, 1].map(() => picture(own, paper, view.room, `The room as it was${of}`)),
    };
  });
  own.layers.set(paper.id, { images });
  return own.layers.get(paper.id);
}

function picture(own, paper, url, alt) {
  const image = element("img");
  image.alt = alt;
  image.draggable = false;
  image.decoding = "async";
  image.onload = () => own.shown === paper.id && ready(own);
  image.onerror = () => {
    image.dataset.failed = "";
    if (own.shown === paper.id) sorry(own);
  };
  image.src = url;
  return image;
}

// A picture that could not be fetched while others were looked at is asked for once more when it is its turn.
function askAgain(images) {
  for (const image of [images.left, images.right, ...images.room]) {
    if (!("failed" in image.dataset)) continue;
    delete image.dataset.failed;
    image.src = image.src;
  }
}

function drawStage(own, paper) {
  own.panes = {};
  if (!paper) return own.stage.replaceChildren();
  const { images } = layerOf(own, paper);
  const shown = images[own.view];
  askAgain(shown);
  own.stage.style.setProperty("--ratio", paper.views[own.view].ratio);
  own.stage.replaceChildren(
    ...SIDES.map((side, place) => {
      const pane = describe(element("figure", "pane"), { "data-side": side });
      const sheet = element("div", "sheet");
      shown[side].className = "output";
      shown.room[place].className = "room";
      sheet.append(shown[side], shown.room[place]);
      pane.append(sheet, element("figcaption", "tag", NAMES[side]));
      pane.onclick = (event) => pinAt(own, side, pane, event);
      pane.onpointermove = (event) => follow(own, pane, event);
      own.panes[side] = pane;
      return pane;
    }),
  );
  look(own);
  ready(own);
}

const loaded = (image) => image.complete && image.naturalWidth > 0;

function ready(own) {
  const paper = current(own);
  const shown = paper && own.layers.get(paper.id)?.images[own.view];
  if (!shown || own.root.dataset.ready === paper.id || !SIDES.every((side) => loaded(shown[side]))) return;
  own.root.dataset.ready = paper.id;
  own.since = performance.now();
}

function sorry(own) {
  say(own, "A picture of this pair cannot be shown. Reload the page, or skip the pair.");
  own.root.dataset.failed = own.shown;
}

// ── looking ─────────────────────────────────────────────────────────────────────────────────

function look(own) {
  const paper = current(own);
  for (const side of SIDES) {
    const pane = own.panes[side];
    if (!pane) continue;
    pane.classList.toggle("original", own.original);
    pane.querySelector(".output").setAttribute("aria-hidden", own.original);
    pane.querySelector(".room").setAttribute("aria-hidden", !own.original);
    pane.querySelector(".tag").textContent = own.original ? "The room" : NAMES[side];
    pane.querySelector(".sheet").style.transform = own.close ? `scale(${CLOSER})` : "";
    pane.querySelector(".pin")?.remove();
    if (own.pin?.side === side && own.pin.view === own.view) {
      const pin = describe(element("span", "pin"), { role: "img", "aria-label": "Pin: here" });
      Object.assign(pin.style, { left: `${own.pin.x * 100}%`, top: `${own.pin.y * 100}%` });
      pane.querySelector(".sheet").append(pin);
    }
  }
  if (paper) drawBars(own);
}

function showOriginal(own, on) {
  own.original = on;
  look(own);
  say(own, on ? "The room as it was." : "The two pictures.");
}

function lookCloser(own, on) {
  own.close = on;
  look(own);
}

// Both pictures are enlarged around the same place.
function follow(own, pane, event) {
  if (!own.close) return;
  const box = pane.getBoundingClientRect();
  const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  const origin = `${clamp(x, 0, 1) * 100}% ${clamp(y, 0, 1) * 100}%`;
  for (const side of SIDES) own.panes[side].querySelector(".sheet").style.transformOrigin = origin;
}

function turn(own, step) {
  const paper = current(own);
  if (!paper || paper.views.length < 2) return;
  own.view = (own.view + step + paper.views.length) % paper.views.length;
  const { since } = own;
  const seen = own.root.dataset.ready;
  drawStage(own, paper);
  // The ballot can be judged once its first view was there.
  own.root.dataset.ready = seen || own.root.dataset.ready;
  own.since = since ?? own.since;
  say(own, own.place.textContent);
}

function giveReason(own, place) {
  const reason = own.data.reasons[place];
  if (!current(own) || !reason) return;
  if (!own.reasons.delete(reason)) own.reasons.add(reason);
  drawBars(own);
  say(own, `${reason}: ${own.reasons.has(reason) ? "named" : "not named"}.`);
}

function pinAt(own, side, pane, event) {
  if (own.original) return;
  const box = pane.querySelector(".output").getBoundingClientRect();
  const at = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  const near = event.target.classList.contains("pin");
  own.pin = near ? null : { side, view: own.view, x: clamp(at[0], 0, 1), y: clamp(at[1], 0, 1) };
  look(own);
}

// By key: on the left, on the right, none.
function nextPin(own) {
  const side = { undefined: "left", left: "right", right: null }[own.pin?.side];
  own.pin = side ? { x: 0.5, y: 0.5, ...own.pin, side, view: own.view } : null;
  look(own);
  say(own, side ? `A pin is on the ${side} picture: Shift and arrows move it.` : "No pin.");
}

function movePin(own, across, down) {
  if (!own.pin) return;
  own.pin.x = clamp(own.pin.x + across * 0.04, 0, 1);
  own.pin.y = clamp(own.pin.y + down * 0.04, 0, 1);
  look(own);
}

// ── keys ────────────────────────────────────────────────────────────────────────────────────

const KEYS = [
  ["← A", "Left is better"],
  ["→ L", "Right is better"],
  ["↑ T", "Equally good"],
  ["↓ B", "Both bad"],
  ["1–6", "Why the loser loses, before you choose; again takes it back"],
  ["P", "A pin on the left, on the right, none; a click sets one too"],
  ["Shift+arrows", "Move the pin"],
  ["O", "The room as it was: hold, or press for on and off"],
  ["Z", "Look closer; the pointer moves both"],
  [", .", "Previous and next view of a set"],
  ["S", "Skip this pair"],
  ["U", "Take the last vote back"],
  ["?  Esc", "These keys; close"],
];

const DEEDS = {
  ArrowLeft: (own) => choose(own, "left"),
  a: (own) => choose(own, "left"),
  ArrowRight: (own) => choose(own, "right"),
  l: (own) => choose(own, "right"),
  ArrowUp: (own) => choose(own, "tie"),
  t: (own) => choose(own, "tie"),
  ArrowDown: (own) => choose(own, "both bad"),
  b: (own) => choose(own, "both bad"),
  s: (own) => choose(own, "skip"),
  u: undo,
  z: (own) => lookCloser(own, !own.close),
  p: nextPin,
  ",": (own) => turn(own, -1),
  ".": (own) => turn(own, 1),
  "?": showKeys,
};
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function showKeys(own) {
  if (own.help.open) return own.help.close();
  const list = element("dl");
  for (const [keys, deed] of KEYS) {
    const term = element("dt");
    for (const key of keys.split(" ").filter(Boolean)) term.append(element("kbd", "", key));
    list.append(term, element("dd", "", deed));
  }
  const close = element("button", "tool", "Close");
  close.type = "button";
  close.onclick = () => own.help.close();
  own.help.replaceChildren(element("h3", "", "Keys"), list, close);
  own.help.setAttribute("aria-label", "Keys");
  own.help.show();
  close.focus();
}

// Keys are heard on the whole page, but what another field or menu of it needs is left to it.
function taken(own, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return true;
  const at = event.composedPath()[0];
  if (at.matches?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]")) return true;
  if (document.querySelector("[role=dialog][aria-modal=true]")) return true;
  const ours = event.composedPath().includes(own.root);
  return !ours && event.key.startsWith("Arrow") && Boolean(at.closest?.("[role=radiogroup], [role=listbox], [role=tablist]"));
}

function press(own, event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const place = /^[1-6]$/.test(event.key) ? Number(event.key) - 1 : null;
  if (own.help.open && event.key !== "?") {
    if (event.key === "Escape") own.help.close();
    return event.key === "Escape"; // who reads the keys does not vote with them
  }
  if (event.shiftKey && ARROWS[key]) movePin(own, ...ARROWS[key]);
  else if (event.repeat && (key === "o" || DEEDS[key])) return true; // a key that is held is one press
  else if (key === "o") {
    own.heldSince = performance.now();
    if (current(own)) showOriginal(own, !own.original);
  } else if (place !== null) giveReason(own, place);
  else if (DEEDS[key]) DEEDS[key](own);
  else return false;
  return true;
}

function listen(own) {
  const down = (event) => {
    if (!taken(own, event) && press(own, event)) event.preventDefault();
  };
  const up = (event) => {
    if (event.key.toLowerCase() === "o" && own.original && performance.now() - own.heldSince > HELD_MS) showOriginal(own, false);
  };
  document.addEventListener("keydown", down);
  document.addEventListener("keyup", up);
  // What was pressed with the pointer to come here would keep the arrow keys for itself.
  if (!document.activeElement?.matches(":focus-visible")) own.root.focus({ preventScroll: true });
  own.quiet = () => {
    document.removeEventListener("keydown", down);
    document.removeEventListener("keyup", up);
  };
}
