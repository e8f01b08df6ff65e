// The viewer: any two pictures of a room under a slider, flickering, blended or as their difference, or up
// to eight side by side. One zoom and one position for all of them. Looking costs no rerun: only a mark, or
// another picture, reaches Python. All text goes in as text. The other .js files here belong to this one.

const instances = new WeakMap(); // parentElement -> what this instance shows and knows
const MODES = {
  slider: ["Slider", "s"],
  panes: ["Side by side", "p"],
  flicker: ["Flicker", "f"],
  blend: ["Blend", "b"],
  difference: ["Difference", "d"],
};
const MOST_PANES = 8;
const SETTLED_MS = 300; // a dialog that opens takes the focus for itself, once it has moved into place

const button = (text, label, press, className = "tool") => {
  const node = describe(element("button", className, text), { type: "button", "aria-label": label, title: label });
  node.onclick = press;
  return node;
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".viewer");
  let own = instances.get(parentElement);
  const first = !own;
  if (first) {
    own = {
      root,
      layers: new Map(), // shot id -> its pictures: moved from pane to pane, never loaded twice
      pending: [], // marks that Python has not confirmed
      leaving: null, // a timer, while the closing waits for them
      turn: Date.now(),
      mode: "slider",
      before: null, // a shot's code; null is the original
      after: null, // null is the output that is opened
      chosen: null, // codes of the panes; null is all of them
      zoom: 1,
      x: 0,
      y: 0,
      cut: 50,
      blend: 50,
      rate: 1,
      gain: 4,
      playing: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      held: false,
      loupe: false,
      spot: [0.5, 0.5],
      overlay: false, // the picture itself comes first
      info: false,
    };
    instances.set(parentElement, own);
    restoreLook(own);
  }
  own.send = setTriggerValue;
  own.data = data;
  if (data.shots.some((shot) => shot.id === own.going)) data.opened = own.going; // its answer is on its way
  own.going = null;
  own.pending = own.pending.filter((mark) => mark.turn > data.heard);
  if (own.leaving && !own.pending.length) close(own);
  if (first) {
    build(own);
    listen(own);
    own.settling = setTimeout(() => takeFocus(own), SETTLED_MS);
  }
  // A mark changes neither pictures nor places: nothing of the stage is touched by it.
  const drawn = JSON.stringify([data.shots, data.opened, data.ratio, data.height]);
  if (own.drawn !== drawn) {
    own.drawn = drawn;
    draw(own);
  }
  drawMarks(own);
  drawWay(own);
  rememberLook(own);
  return () => {
    own.quiet();
    clearTimeout(own.leaving);
    clearTimeout(own.settling);
    clearTimeout(own.remembering);
    clearTimeout(own.sharpening);
    clearInterval(own.ticking);
    instances.delete(parentElement);
  };
}

// ── what is shown ───────────────────────────────────────────────────────────────────────────

const byCode = (own, code) => own.data.shots.find((shot) => shot.code === code);
const opened = (own) => own.data.shots.find((shot) => shot.id === own.data.opened) ?? own.data.shots.at(-1);
const original = (own) => own.data.shots[0];

function pair(own) {
  const after = byCode(own, own.after) ?? opened(own);
  let before = byCode(own, own.before) ?? original(own);
  if (before === after) before = own.data.shots.find((shot) => shot !== after) ?? before;
  return [before, after];
}

function panes(own) {
  const wanted = own.chosen ? own.data.shots.filter((shot) => own.chosen.includes(shot.code)) : own.data.shots;
  if (wanted.length < 2) return pair(own);
  // With more outputs than there are panes, the one that is opened is never left out.
  const most = wanted.slice(0, MOST_PANES);
  if (!own.chosen && !most.includes(opened(own))) most[MOST_PANES - 1] = opened(own);
  return most;
}

const visible = (own) => (own.mode === "panes" ? panes(own) : pair(own));

function draw(own) {
  const { data, root } = own;
  root.style.setProperty("--ratio", data.ratio);
  root.style.setProperty("--height", `${data.height}px`);
  root.dataset.mode = own.mode;
  const inStage = own.stage.contains(root.getRootNode().activeElement);
  const count = own.mode === "panes" ? panes(own).length : 1;
  const lines = count > 3 ? 2 : 1;
  root.style.setProperty("--columns", Math.ceil(count / lines));
  root.style.setProperty("--lines", lines);
  own.stage.className = `panes ${own.mode} ${count > 2 ? "many" : ""}`;
  for (const [id, layer] of own.layers) {
    const shot = data.shots.find((one) => one.id === id && one.view === layer.shot.view);
    if (shot) layer.shot = shot;
    else own.layers.delete(id);
  }
  own.stage.replaceChildren(...(own.mode === "panes" ? panes(own).map((shot) => singlePane(own, shot)) : [pairPane(own)]));
  if (inStage) focusStage(own);
  drawBars(own);
  drawInfo(own);
  drawMode(own);
  show(own);
}

function setMode(own, mode) {
  own.mode = mode;
  own.held = false;
  draw(own);
  say(own, MODES[mode][0]);
  rememberLook(own);
}

function open(own, id) {
  if (!id) return;
  own.after = null;
  own.going = null;
  if (own.data.shots.some((shot) => shot.id === id)) {
    own.data.opened = id; // of this room: shown at once
    own.going = id;
    draw(own);
    drawMarks(own);
    drawWay(own);
  }
  own.send("go", id);
}

// The pictures of this room in their order, between the last one of the room before and the first of the next.
function neighbour(own, step) {
  const { shots, previous, next } = own.data;
  const ids = [previous, ...shots.filter((shot) => shot.judged).map((shot) => shot.id), next];
  return ids[ids.indexOf(own.data.opened) + step];
}

// Reckoned from what is on screen, not from what Python last said: a quick hand is ahead of it.
function go(own, step) {
  open(own, neighbour(own, step));
}

function choose(own, side, shot) {
  const [before, after] = pair(own);
  if (side === "before") {
    own.before = shot.code;
    if (shot === after) chooseAfter(own, before);
  } else {
    if (shot === before) own.before = after.code;
    chooseAfter(own, shot);
  }
  draw(own);
  rememberLook(own);
}

function chooseAfter(own, shot) {
  if (shot.judged && shot.id !== own.data.opened) open(own, shot.id);
  else own.after = shot.judged ? null : shot.code;
}

function turnTo(own, side, step) {
  const shots = own.mode === "panes" ? panes(own).filter((shot) => shot.judged) : own.data.shots;
  const [before, after] = pair(own);
  const [from, other] = side === "before" ? [before, after] : [after, before];
  const ring = own.mode === "panes" ? shots : shots.filter((shot) => shot !== other);
  if (ring.length < 2) return;
  choose(own, side, ring[(ring.indexOf(from) + step + ring.length) % ring.length]);
}

function focusStage(own) {
  own.stage.querySelector("[tabindex]")?.focus({ preventScroll: true });
}

function takeFocus(own) {
  if (!own.root.getRootNode().activeElement) focusStage(own);
}

function say(own, words) {
  own.saying.textContent = words;
}
