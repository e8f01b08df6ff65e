// Doors and windows outlined over a photo. Nothing is asked of Python until Save (trigger "saved").
// An outline is {kind, corners}: corners are [x, y], fractions of the photo's width and height.

const instances = new WeakMap(); // parentElement -> what this instance knows
const KINDS = { window: "Window", door: "Door" };
const STEP = 0.002; // of the photo's side: an arrow key's; ten times that with Shift
const LENS_ZOOM = 3;
const LEAST_DRAG = 12; // pixels: less is a click
const SVG = "http://www.w3.org/2000/svg";
const KEYS = "Tab goes from corner to corner. Arrow keys move a corner, with Shift further, and on an outline's " +
  "name the whole outline. Delete removes it, Ctrl+Z takes a change back.";

export default function ({ data, parentElement, setTriggerValue }) {
  let own = instances.get(parentElement);
  if (!own) {
    own = {
      root: parentElement.querySelector(".outliner"), parentElement,
      shapes: [], chosen: -1, past: [], version: null, turn: 0, kind: "window", saving: false,
    };
    instances.set(parentElement, own);
    build(own);
  }
  Object.assign(own, { data, setTriggerValue, saving: false });
  if (own.version !== data.version) {
    // Somebody saved. What was drawn here meanwhile is one Undo away.
    if (own.version !== null && packed(own.shapes) !== packed(data.shapes)) own.past.push(packed(own.shapes));
    Object.assign(own, { version: data.version, shapes: copied(data.shapes), chosen: -1 });
  }
  if (own.turn < data.turn) {
    own.turn = data.turn;
    if (data.suggested.length) {
      remember(own);
      own.shapes.push(...copied(data.suggested).map((shape) => ({ ...shape, suggested: true })));
    }
  }
  if (own.photo.getAttribute("src") !== data.photo.url) own.photo.src = data.photo.url;
  own.photo.alt = data.photo.alt;
  own.frame.style.aspectRatio = `${data.photo.width} / ${data.photo.height}`;
  own.root.style.maxWidth = `calc(75vh * ${data.photo.width / data.photo.height})`;
  draw(own);
}

const told = (shapes) => shapes.map(({ kind, corners }) => ({ kind, corners }));
const packed = (shapes) => JSON.stringify(told(shapes));
const copied = (shapes) => JSON.parse(packed(shapes));
const rounded = (value) => Math.round(clamp(value, 0, 1) * 1e4) / 1e4;
const middle = ({ corners }) => [0, 1].map((axis) => corners.reduce((sum, at) => sum + at[axis], 0) / corners.length);

// ── building, once ───────────────────────────────────────────────────────────────────────────

function build(own) {
  const button = (className, text, title, act) => {
    const made = element("button", className, text);
    made.type = "button";
    made.title = title;
    made.onclick = act;
    return made;
  };
  own.root.setAttribute("role", "group");
  own.root.setAttribute("aria-label", "Doors and windows");
  own.root.setAttribute("aria-description", KEYS);
  const bar = element("div", "bar");
  own.change = button("small", "", "What this outline is", () => rekind(own));
  own.remove = button("small", "Delete", "Remove this outline (Delete)", () => remove(own));
  own.undo = button("small", "Undo", "Take the last change back (Ctrl+Z)", () => undo(own));
  own.save = button("small save", "Save", "Keep these outlines with the room", () => save(own));
  own.status = describe(element("span", "status"), { role: "status" });
  bar.append(
    button("small", "Add window", "A new window, to be dragged where it belongs", () => add(own, "window")),
    button("small", "Add door", "A new door, to be dragged where it belongs", () => add(own, "door")),
    own.change, own.remove, own.undo, own.status, own.save,
  );
  own.frame = element("div", "frame");
  own.photo = element("img", "photo");
  own.photo.draggable = false;
  own.lines = describe(document.createElementNS(SVG, "svg"), {
    viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true",
  });
  own.handles = element("div", "handles");
  own.lens = element("div", "lens");
  own.lens.hidden = true;
  own.frame.append(own.photo, own.lines, own.handles, own.lens);
  own.frame.onpointerdown = (event) => begin(own, event);
  own.names = element("div", "names");
  own.hint = element("p", "hint", "Drag on the photo to draw one, or add one and drag its corners.");
  own.root.append(bar, own.frame, own.names, own.hint);
  own.root.onkeydown = (event) => press(own, event);
}

// ── drawing ──────────────────────────────────────────────────────────────────────────────────

function draw(own) {
  const counts = { window: 0, door: 0 };
  const names = own.shapes.map((shape) => `${KINDS[shape.kind]} ${(counts[shape.kind] += 1)}`);
  fit(own.lines, own.shapes.length, () => document.createElementNS(SVG, "polygon"));
  fit(own.names, own.shapes.length, () => {
    const name = describe(element("button"), { type: "button" });
    name.onclick = () => choose(own, Number(name.dataset.at) === own.chosen ? -1 : Number(name.dataset.at));
    return name;
  });
  own.shapes.forEach((shape, at) => {
    const [line, name] = [own.lines.children[at], own.names.children[at]];
    const state = `${shape.kind}${at === own.chosen ? " chosen" : ""}${shape.suggested ? " suggested" : ""}`;
    describe(line, { points: shape.corners.join(" "), class: state, "data-shape": at });
    describe(name, { class: `name ${shape.kind}`, "aria-pressed": at === own.chosen, "data-at": at });
    name.textContent = shape.suggested ? `${names[at]}, suggested` : names[at];
  });
  const chosen = own.shapes[own.chosen];
  fit(own.handles, chosen ? chosen.corners.length : 0, () => describe(element("button"), { type: "button" }));
  chosen?.corners.forEach(([x, y], corner) => {
    const handle = own.handles.children[corner];
    Object.assign(handle.style, { left: `${x * 100}%`, top: `${y * 100}%` });
    describe(handle, {
      class: `handle ${chosen.kind}`,
      "data-corner": corner,
      "aria-label": `${names[own.chosen]}, corner ${corner + 1} of ${chosen.corners.length}: ` +
        `${Math.round(x * 100)} % from the left, ${Math.round(y * 100)} % from the top`,
    });
  });
  const unsaved = packed(own.shapes) !== packed(own.data.shapes);
  own.change.hidden = own.remove.hidden = !chosen;
  if (chosen) own.change.textContent = chosen.kind === "window" ? "Make it a door" : "Make it a window";
  own.undo.disabled = !own.past.length;
  own.save.disabled = !unsaved || own.saving;
  const words = [["window", counts.window], ["door", counts.door]].filter(([, count]) => count)
    .map(([kind, count]) => `${count} ${kind}${count > 1 ? "s" : ""}`).join(", ") || "None outlined";
  const status = own.saving ? "Saving…" : unsaved ? `${words} · not saved` : words;
  if (own.status.textContent !== status) own.status.textContent = status;
  own.names.hidden = !own.shapes.length;
}

function fit(parent, count, make) {
  // The nodes stay while there are as many: a finger holds on to the one that it began on.
  while (parent.children.length > count) parent.lastChild.remove();
  while (parent.children.length < count) parent.append(make());
}

function remember(own) {
  own.past.push(packed(own.shapes));
  if (own.past.length > 100) own.past.shift();
}

function choose(own, at) {
  own.chosen = at;
  if (at >= 0) own.kind = own.shapes[at].kind;
  draw(own);
}

// ── changing ─────────────────────────────────────────────────────────────────────────────────

function add(own, kind) {
  const place = 0.02 * (own.shapes.length % 8); // several in a row lie side by side, not over each other
  const [left, top, width, height] = kind === "door" ? [0.42, 0.3, 0.14, 0.5] : [0.38, 0.25, 0.24, 0.3];
  const [x, y] = [left + place, top + place];
  remember(own);
  own.shapes.push({ kind, corners: [[x, y], [x + width, y], [x + width, y + height], [x, y + height]].map(
    (at) => at.map(rounded)) });
  choose(own, own.shapes.length - 1);
  own.handles.firstChild.focus({ preventScroll: true });
}

function rekind(own) {
  remember(own);
  const shape = own.shapes[own.chosen];
  shape.kind = own.kind = shape.kind === "window" ? "door" : "window";
  draw(own);
}

function remove(own) {
  remember(own);
  const at = own.chosen;
  own.shapes.splice(at, 1);
  choose(own, -1);
  (own.names.children[Math.min(at, own.shapes.length - 1)] ?? own.undo).focus({ preventScroll: true });
}

function undo(own) {
  if (!own.past.length) return;
  own.shapes = JSON.parse(own.past.pop());
  choose(own, -1);
}

function save(own) {
  own.saving = true;
  draw(own);
  own.setTriggerValue("saved", { version: own.version, shapes: told(own.shapes) });
}

function shift(own, corners, dx, dy) {
  // A whole outline stops at the photo's side: it keeps its shape.
  const [xs, ys] = [0, 1].map((axis) => corners.map((at) => at[axis]));
  const x = clamp(dx, -Math.min(...xs), 1 - Math.max(...xs));
  const y = clamp(dy, -Math.min(...ys), 1 - Math.max(...ys));
  return corners.map((at) => [rounded(at[0] + x), rounded(at[1] + y)]);
}

// ── keyboard ─────────────────────────────────────────────────────────────────────────────────

function press(own, event) {
  const far = event.shiftKey ? 10 : 1;
  const along = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  const shape = own.shapes[own.chosen];
  const target = event.composedPath()[0].dataset ?? {};
  if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) undo(own);
  else if (!shape) return;
  else if (event.key === "Delete" || event.key === "Backspace") remove(own);
  else if (event.key === "Escape") {
    const at = own.chosen;
    choose(own, -1);
    own.names.children[at].focus({ preventScroll: true });
  } else if (along && (target.at ?? target.corner) !== undefined) {
    const [dx, dy] = along.map((way) => way * STEP * far);
    if (!event.repeat) remember(own);
    shape.suggested = false;
    if (target.corner === undefined) shape.corners = shift(own, shape.corners, dx, dy);
    else {
      const at = shape.corners[target.corner];
      shape.corners[target.corner] = [rounded(at[0] + dx), rounded(at[1] + dy)];
    }
    draw(own);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

// ── mouse and finger ─────────────────────────────────────────────────────────────────────────

function begin(own, event) {
  if (event.button !== 0) return;
  const target = event.composedPath()[0];
  const corner = target.dataset?.corner;
  const over = target.dataset?.shape;
  const area = own.frame.getBoundingClientRect();
  const spot = (at) => [rounded((at.clientX - area.left) / area.width), rounded((at.clientY - area.top) / area.height)];
  const from = spot(event);
  const before = packed(own.shapes);
  if (corner === undefined && over !== undefined && Number(over) !== own.chosen) choose(own, Number(over));
  // A finger that goes over the photo scrolls the page; a mouse draws.
  if (corner === undefined && over === undefined && event.pointerType !== "mouse") return choose(own, -1);
  if (corner === undefined) event.preventDefault();
  else own.handles.children[corner].focus({ preventScroll: true });
  const start = own.chosen >= 0 ? copied([own.shapes[own.chosen]])[0].corners : null;
  let moved = false;
  const move = (at) => {
    moved ||= Math.hypot(at.clientX - event.clientX, at.clientY - event.clientY) >= (corner === undefined ? LEAST_DRAG : 2);
    if (!moved) return;
    const [x, y] = spot(at);
    if (corner === undefined && over === undefined) {
      if (own.drawing === undefined) own.drawing = own.shapes.push({ kind: own.kind, corners: [] }) - 1;
      own.shapes[own.drawing].corners = [from, [x, from[1]], [x, y], [from[0], y]];
      own.chosen = own.drawing;
    } else if (corner === undefined) {
      own.shapes[own.chosen].corners = shift(own, start, x - from[0], y - from[1]);
    } else {
      const [sx, sy] = start[corner];
      own.shapes[own.chosen].corners[corner] = [rounded(sx + x - from[0]), rounded(sy + y - from[1])];
      magnify(own, own.shapes[own.chosen].corners[corner], area);
    }
    if (own.shapes[own.chosen]) own.shapes[own.chosen].suggested = false;
    draw(own);
  };
  const end = () => {
    watching.abort();
    own.lens.hidden = true;
    delete own.drawing;
    if (moved) own.past.push(before);
    else if (corner === undefined && over === undefined) own.chosen = -1;
    draw(own);
  };
  const watching = new AbortController();
  const { signal } = watching;
  window.addEventListener("pointermove", move, { signal });
  window.addEventListener("pointerup", end, { signal });
  window.addEventListener("pointercancel", end, { signal });
}

function magnify(own, [x, y], area) {
  // What lies below a finger is shown in the corner that is further away.
  const side = 112;
  own.lens.hidden = false;
  own.lens.classList.toggle("left", x > 0.5);
  Object.assign(own.lens.style, {
    backgroundImage: `url("${own.data.photo.url}")`,
    backgroundSize: `${area.width * LENS_ZOOM}px ${area.height * LENS_ZOOM}px`,
    backgroundPosition: `${side / 2 - x * area.width * LENS_ZOOM}px ${side / 2 - y * area.height * LENS_ZOOM}px`,
  });
}
