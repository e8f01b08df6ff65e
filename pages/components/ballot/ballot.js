// The ballot: two pictures without a name, the room behind a key, and a choice. What is said is shown as done
// at once, and kept until Python has confirmed it; the next pictures are loaded while these are looked at.
// All text goes in as text. The other .js file here belongs to this one.

const instances = new WeakMap(); // parentElement -> what this instance shows and knows
const AGAIN_MS = 4000; // what was not confirmed by then is said again
const HELD_MS = 350; // a key that is down for longer was held, not pressed
const MOST_PAST = 4; // ballots whose pictures are kept, so that undo shows them at once
const CLOSER = 2.5;
const SIDES = ["left", "right"];
const LOSERS = { left: ["right"], right: ["left"], "both bad": SIDES };
const SAID = { left: "Left is better", right: "Right is better", tie: "Equally good", "both bad": "Both bad", skip: "Skipped" };

export default function ({ data, parentElement, setTriggerValue }) {
  let own = instances.get(parentElement);
  if (!own) {
    own = {
      root: parentElement.querySelector(".ballot"),
      layers: new Map(), // ballot id -> its pictures, loaded once
      known: new Map(), // ballot id -> its paper, as long as it may be shown
      past: [], // what was judged on this visit and can be taken back, the last one last
      pending: [], // what Python has not confirmed
      turn: Date.now(),
      shown: undefined, // the id of the ballot on screen
      view: 0,
      original: false,
      close: false,
      since: null, // when the pictures were first all there, in ms
      reasons: new Set(),
      pin: null,
    };
    instances.set(parentElement, own);
    own.data = data;
    build(own);
    listen(own);
  }
  own.send = setTriggerValue;
  own.data = data;
  own.pending = own.pending.filter((said) => said.turn > data.heard);
  draw(own);
  return () => {
    own.quiet();
    clearTimeout(own.again);
    instances.delete(parentElement);
  };
}

// ── what is judged now ──────────────────────────────────────────────────────────────────────

// The ballots as they will be once Python has done what was said: a quick hand does not wait for it.
function papers(own) {
  let list = [...own.data.papers];
  for (const said of own.pending) {
    list = list.filter((paper) => paper.id !== said.id);
    if (said.undo && own.known.has(said.id)) list.unshift(own.known.get(said.id));
  }
  return list;
}

const current = (own) => papers(own)[0];

function draw(own) {
  const list = papers(own);
  const kept = new Set([...list.map((paper) => paper.id), ...own.past.map((one) => one.id)]);
  for (const paper of list) own.known.set(paper.id, paper);
  for (const id of [...own.known.keys()].filter((id) => !kept.has(id))) {
    own.known.delete(id);
    own.layers.delete(id);
  }
  const paper = list[0];
  if (own.shown !== paper?.id) {
    own.shown = paper?.id;
    Object.assign(own, { view: 0, original: false, close: false, pin: null, since: null });
    own.reasons.clear();
    own.root.dataset.ready = "";
    drawStage(own, paper);
  }
  for (const next of list) layerOf(own, next); // loads what comes after
  drawBars(own);
}

function drawBars(own) {
  const paper = current(own);
  const change = (counts) => own.pending.filter(counts).reduce((sum, said) => sum + (said.undo ? -1 : 1), 0);
  const given = change((said) => said.counts);
  const left = Math.max(0, own.data.left - change(() => true));
  const counts = [`${own.data.today + given} today`, `${own.data.total + given} in all`, `${left} left`];
  own.progress.textContent = counts.join(" · ");
  own.nothing.hidden = Boolean(paper) || own.pending.length > 0;
  own.nothing.textContent = own.data.nothing;
  own.waiting.hidden = Boolean(paper) || own.pending.length === 0;
  for (const node of [own.stage, own.choices, own.reasonBar, own.tools]) node.hidden = !paper;
  own.undo.disabled = !canUndo(own);
  own.originalButton.setAttribute("aria-pressed", own.original);
  own.closer.setAttribute("aria-pressed", own.close);
  for (const chip of own.chips) chip.setAttribute("aria-pressed", own.reasons.has(chip.dataset.reason));
  const views = paper?.views.length ?? 0;
  own.way.hidden = views < 2;
  own.place.textContent = `View ${own.view + 1} of ${views}`;
  own.root.dataset.original = own.original;
  own.root.dataset.unconfirmed = own.pending.length;
}

// Of what was judged before this visit only Python knows which was the last: one at a time.
const canUndo = (own) => own.past.length > 0 || (own.data.can_undo && own.pending.length === 0);

// ── what is said ────────────────────────────────────────────────────────────────────────────

function choose(own, choice) {
  const paper = current(own);
  if (!paper) return;
  if (own.root.dataset.ready !== paper.id && choice !== "skip") return say(own, "The pictures are still being loaded.");
  const losers = LOSERS[choice] ?? [];
  const pin = own.pin && losers.includes(own.pin.side) ? own.pin : null;
  const reasons = losers.length ? [...own.reasons] : [];
  const seconds = own.since === null ? null : (performance.now() - own.since) / 1000;
  const counts = choice !== "skip";
  own.past = [...own.past, { id: paper.id, counts }].slice(-MOST_PAST);
  tell(own, { id: paper.id, choice, reasons, pin, seconds, counts });
  say(own, `${SAID[choice]}.`);
}

function undo(own) {
  if (!canUndo(own)) return;
  const last = own.past.pop();
  tell(own, { id: last?.id ?? null, undo: true, counts: last?.counts ?? false });
  say(own, "The last vote is taken back.");
}

function tell(own, said) {
  own.turn = Math.max(own.turn + 1, Date.now());
  own.pending.push({ turn: own.turn, ...said });
  draw(own);
  speak(own);
}

function speak(own) {
  clearTimeout(own.again);
  if (!own.pending.length) return;
  own.send("say", own.pending.map(({ counts, ...said }) => said));
  own.again = setTimeout(() => speak(own), AGAIN_MS);
}

function say(own, words) {
  own.saying.textContent = words;
}
