// ── keys, and what the address remembers ────────────────────────────────────────────────────

const KEYS = [
  ["s p f b d", "Slider, side by side, flicker, blend, difference"],
  ["Arrows", "Move the divider; move the picture when it is enlarged"],
  ["+ − 0 z", "Zoom in, out, fit, one to one"],
  ["Space", "Hold to see only what is before"],
  ["y", "Play or stop the flicker"],
  [", .", "Previous and next picture of the comparison"],
  ["e  Shift e", "Another picture of the room after; before"],
  ["x", "Swap before and after"],
  ["l", "Loupe; Shift and arrows move it"],
  ["o", "Overlay: what was kept, erased, hidden or added"],
  ["i w", "Information, full screen"],
  ["a r", "Accept, reject; again takes it back"],
  ["Shift 1–6", "Why it was rejected"],
  ["1–5 h n", "Stars, favourite, note"],
  ["Enter", "Open the picture of this pane for judging"],
  ["?  Esc", "These keys; close"],
];

function showKeys(own) {
  if (own.help.open) return own.help.close();
  const list = element("dl");
  for (const [keys, deed] of KEYS) {
    const term = element("dt");
    for (const key of keys.split(" ").filter(Boolean)) term.append(element("kbd", "", key));
    list.append(term, element("dd", "", deed));
  }
  const close = button("Close", "Close", () => own.help.close());
  own.help.replaceChildren(element("h3", "", "Keys"), list, close);
  own.help.setAttribute("aria-label", "Keys");
  own.help.show();
  close.focus();
}

const DEEDS = {
  "+": (own) => zoomAt(own, 1.5, 0.5, 0.5),
  "=": (own) => zoomAt(own, 1.5, 0.5, 0.5),
  "-": (own) => zoomAt(own, 1 / 1.5, 0.5, 0.5),
  0: whole,
  z: oneToOne,
  y: (own) => own.mode === "flicker" && play(own),
  ",": (own) => go(own, -1),
  ".": (own) => go(own, 1),
  e: (own) => turnTo(own, "after", 1),
  E: (own) => own.mode !== "panes" && turnTo(own, "before", 1),
  x: (own) => own.mode !== "panes" && choose(own, "before", pair(own)[1]),
  l: (own) => flip(own, "loupe"),
  o: (own) => own.tools.overlay.hidden || flip(own, "overlay"),
  i: (own) => flip(own, "info"),
  w: (own) => own.tools.full.hidden || fullScreen(own),
  a: (own) => judge(own, "accepted"),
  r: (own) => judge(own, "rejected"),
  h: (own) => mark(own, { favourite: !markNow(own).favourite }),
  n: editNote,
  "?": showKeys,
};

const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function press(own, event) {
  const at = event.composedPath()[0];
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  if (event.key === "Escape") return escape(own, at);
  if (at.matches?.("textarea, select, input:not([type=range]), [contenteditable]")) return false;
  const digit = /^Digit([1-6])$/.exec(event.code)?.[1];
  const mode = Object.keys(MODES).find((one) => MODES[one][1] === event.key);
  const arrow = ARROWS[event.key];
  if (digit && event.shiftKey) giveReason(own, own.data.reasons[digit - 1]);
  else if (digit && digit < 6) giveStars(own, Number(digit));
  else if (mode) setMode(own, mode);
  else if (event.key === " " && !at.matches?.("button, input")) hold(own, true);
  else if (arrow && event.shiftKey && own.loupe) {
    own.spot = own.spot.map((part, axis) => clamp(part - (arrow[axis] * 0.02) / own.zoom, 0, 1));
    drawLoupe(own);
  } else if (arrow && !at.matches?.("input")) move(own, arrow[0] * 0.1, arrow[1] * 0.1);
  else if (DEEDS[event.key]) DEEDS[event.key](own);
  else return false;
  return true;
}

// Esc closes what lies on top: the keys, a note being written, the drawer; only then the whole viewer.
function escape(own, at) {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (own.help.open) own.help.close();
  else if (at === own.note) {
    own.noteOpen = null;
    own.note.blur();
    drawMarks(own);
  } else if (own.info) flip(own, "info");
  else return false;
  focusStage(own);
  return true;
}

// Keys are heard in the whole dialog, so that a press beside the pictures does not silence them.
function listen(own) {
  const place = own.root.getRootNode().host?.closest("[role=dialog]") ?? own.root;
  own.dialog = place;
  let escaped = false;
  const down = (event) => {
    const done = press(own, event) || (event.key === "Escape" && waits(own));
    if (event.key === "Escape") escaped = done;
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const up = (event) => {
    if (event.key === " ") hold(own, false);
    if (event.key === "Escape" && escaped) event.stopPropagation();
  };
  const outside = (event) => {
    const path = event.composedPath();
    if (path.includes(place) && !path.includes(closer(own))) return;
    if (!own.pending.length) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.type === "click") waits(own);
  };
  const resized = new ResizeObserver(() => show(own));
  resized.observe(own.stage);
  const full = () => own.tools.full.setAttribute("aria-pressed", document.fullscreenElement !== null);
  place.addEventListener("keydown", down);
  place.addEventListener("keyup", up);
  for (const kind of CLOSING) window.addEventListener(kind, outside, { capture: true });
  document.addEventListener("fullscreenchange", full);
  own.quiet = () => {
    resized.disconnect();
    place.removeEventListener("keydown", down);
    place.removeEventListener("keyup", up);
    for (const kind of CLOSING) window.removeEventListener(kind, outside, { capture: true });
    document.removeEventListener("fullscreenchange", full);
  };
}

// ── closing ─────────────────────────────────────────────────────────────────────────────────

// Closing runs the whole page, and that ends a run that was about to take a mark, with the mark: so it
// waits until the marks are confirmed, a tenth of a second as a rule, and no longer than this.
const LONGEST_WAIT_MS = 4000;
const CLOSING = ["pointerdown", "mousedown", "pointerup", "mouseup", "click"]; // on the cross, or beside the dialog

const closer = (own) => own.dialog.querySelector('button[aria-label="Close"]');

// True when the closing waits; false lets it happen, when nothing is on its way.
function waits(own) {
  if (!own.pending.length) return false;
  if (own.leaving) return true;
  say(own, "Saving");
  own.send("mark", own.pending);
  own.leaving = setTimeout(() => close(own), LONGEST_WAIT_MS);
  return true;
}

function close(own) {
  clearTimeout(own.leaving);
  own.leaving = null;
  own.pending = [];
  closer(own)?.click();
}

// ── the address ─────────────────────────────────────────────────────────────────────────────

// What is seen is kept in ?look=, in place: no step back for every turn of the wheel, and no rerun.
const LOOK_MS = 250;
const short = (value) => String(Number(value.toFixed(4)));

function packed(own) {
  const parts = [];
  if (own.mode !== "slider") parts.push(`m${own.mode}`);
  if (own.before !== null) parts.push(`b${own.before}`);
  if (own.after !== null) parts.push(`a${own.after}`);
  if (own.chosen) parts.push(`n${own.chosen.join(".")}`);
  if (own.zoom > 1) parts.push(`z${short(own.zoom)}`, `x${short(own.x)}`, `y${short(own.y)}`);
  if (own.cut !== 50) parts.push(`c${short(own.cut)}`);
  if (own.blend !== 50) parts.push(`o${own.blend}`);
  if (own.rate !== 1) parts.push(`r${own.rate}`);
  if (own.gain !== 4) parts.push(`g${own.gain}`);
  if (own.loupe) parts.push(`l${own.spot.map(short).join("*")}`);
  if (own.info) parts.push("i");
  if (own.overlay) parts.push("v");
  return parts.join("_");
}

// An address is anybody's writing: what makes no sense in it is left out.
function restoreLook(own) {
  const packed = new URLSearchParams(window.location.search).get("look") ?? "";
  const number = (text, least, most, otherwise) =>
    /^-?\d{1,4}(\.\d{1,6})?$/.test(text) ? clamp(Number(text), least, most) : otherwise;
  for (const part of packed.slice(0, 300).split("_")) {
    const [kind, value] = [part[0], part.slice(1)];
    if (kind === "m" && Object.hasOwn(MODES, value)) own.mode = value;
    else if (kind === "b") own.before = value;
    else if (kind === "a") own.after = value;
    else if (kind === "n") own.chosen = value.split(".");
    else if (kind === "z") own.zoom = number(value, 1, MOST_ZOOM, 1);
    else if (kind === "x" || kind === "y") own[kind] = number(value, 1 - MOST_ZOOM, 0, 0);
    else if (kind === "c") own.cut = number(value, 0, 100, 50);
    else if (kind === "o") own.blend = Math.round(number(value, 0, 100, 50));
    else if (kind === "r") own.rate = RATES.find((rate) => String(rate) === value) ?? 1;
    else if (kind === "g") own.gain = Math.round(number(value, 1, 10, 4));
    else if (kind === "l") [own.loupe, own.spot] = [true, [0, 1].map((axis) => number(value.split("*")[axis] ?? "", 0, 1, 0.5))];
    else if (kind === "i") own.info = true;
    else if (kind === "v") own.overlay = true;
  }
  own.x = clamp(own.x, 1 - own.zoom, 0);
  own.y = clamp(own.y, 1 - own.zoom, 0);
}

function rememberLook(own) {
  clearTimeout(own.remembering);
  own.remembering = setTimeout(() => {
    const query = new URLSearchParams(window.location.search);
    const look = packed(own);
    if ((query.get("look") ?? "") === look) return;
    if (look) query.set("look", look);
    else query.delete("look");
    window.history.replaceState(window.history.state, "", `${window.location.pathname}?${query}`);
  }, LOOK_MS);
}
