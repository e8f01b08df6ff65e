// Before and after under a slider, or up to four panes. All panes share one zoom and pan.
// Looking costs no rerun; only going on to another picture reaches Python. All text goes in as text.

const instances = new WeakMap(); // parentElement -> zoom, pan and slider of this instance
const MOST_ZOOM = 12;

const element = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".viewer");
  let own = instances.get(parentElement);
  if (!own) {
    own = { zoom: 1, x: 0, y: 0, cut: 50, drawn: null };
    instances.set(parentElement, own);
  }
  own.root = root;
  own.go = (id) => setTriggerValue("go", id);
  const drawn = JSON.stringify(data);
  if (own.drawn === drawn) return; // a rerun keeps pictures, zoom and slider as they are
  own.drawn = drawn;

  root.style.setProperty("--ratio", data.ratio);
  root.style.setProperty("--height", `${data.height}px`);
  const count = data.mode === "slider" ? 1 : data.shots.length;
  const lines = count > 3 ? 2 : 1;
  root.style.setProperty("--columns", Math.ceil(count / lines));
  root.style.setProperty("--lines", lines);
  const panes = element("div", `panes ${data.mode}`);
  if (data.mode === "slider") panes.append(sliderPane(data.shots, own));
  else panes.append(...data.shots.map((shot) => singlePane(shot, own)));
  root.replaceChildren(panes, toolbar(own, data));
  show(own);
}

function picture(shot, className) {
  const layer = element("div", `layer ${className}`);
  const image = element("img");
  image.decoding = "async";
  image.draggable = false;
  image.alt = shot.alt;
  image.src = shot.url;
  layer.append(image);
  return layer;
}

function sliderPane([before, after], own) {
  const pane = element("div", "pane");
  pane.append(picture(before, ""), picture(after, "after"), element("span", "tag left", before.label), element("span", "tag right", after.label));
  const handle = element("div", "handle");
  handle.append(element("div", "knob"));
  handle.tabIndex = 0;
  for (const [name, value] of Object.entries({
    role: "slider",
    "aria-label": `Divider between ${before.label} and ${after.label}`,
    "aria-orientation": "horizontal",
    "aria-valuemin": 0,
    "aria-valuemax": 100,
  })) handle.setAttribute(name, value);
  const cut = (value) => {
    own.cut = Math.min(100, Math.max(0, value));
    pane.style.setProperty("--cut", `${own.cut}%`);
    handle.setAttribute("aria-valuenow", Math.round(own.cut));
    handle.setAttribute("aria-valuetext", `${Math.round(own.cut)} % ${before.label}`);
  };
  cut(own.cut);
  handle.onpointerdown = (event) => {
    event.stopPropagation();
    handle.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
  };
  handle.onpointermove = (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const box = pane.getBoundingClientRect();
    cut(((event.clientX - box.left) / box.width) * 100);
  };
  handle.onkeydown = (event) => {
    const step = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10 }[event.key];
    const place = event.key === "Home" ? 0 : event.key === "End" ? 100 : own.cut + (step ?? NaN);
    if (Number.isNaN(place)) return;
    event.preventDefault();
    event.stopPropagation(); // the arrows move the divider here, not the picture
    cut(place);
  };
  pane.append(handle);
  return moving(pane, own);
}

function singlePane(shot, own) {
  const pane = element("div", "pane");
  pane.append(picture(shot, ""), element("span", "tag left", shot.label));
  pane.tabIndex = 0;
  pane.setAttribute("role", "group");
  pane.setAttribute("aria-label", `${shot.label}: arrows move, plus and minus zoom, 0 shows all of it`);
  return moving(pane, own);
}

function toolbar(own, data) {
  const bar = element("div", "toolbar");
  const tool = (text, label, press) => {
    const node = element("button", "tool", text);
    node.type = "button";
    node.setAttribute("aria-label", label);
    node.onclick = press;
    node.disabled = !press;
    return node;
  };
  const to = (id) => id && (() => own.go(id));
  own.figure = element("output", "figure");
  bar.append(
    tool("‹", "Previous picture", to(data.previous)),
    tool("−", "Zoom out", () => zoomAt(own, 1 / 1.5, 0.5, 0.5)),
    own.figure,
    tool("+", "Zoom in", () => zoomAt(own, 1.5, 0.5, 0.5)),
    tool("Fit", "Show the whole picture", () => whole(own)),
    tool("›", "Next picture", to(data.next)),
    element("span", "hint", `${data.mode === "slider" ? "Drag the divider or use the arrow keys. " : ""}Scroll or pinch to zoom, drag to move.`),
  );
  return bar;
}

function show(own) {
  // x and y are fractions of a pane, so that panes of any size stay in step.
  for (const image of own.root.querySelectorAll(".layer img")) {
    image.style.transform = `translate(${own.x * 100}%, ${own.y * 100}%) scale(${own.zoom})`;
  }
  own.root.classList.toggle("zoomed", own.zoom > 1);
  own.figure.textContent = `${Math.round(own.zoom * 100)} %`;
}

function zoomAt(own, factor, across, down) {
  const zoom = Math.min(MOST_ZOOM, Math.max(1, own.zoom * factor));
  own.x = across - (across - own.x) * (zoom / own.zoom);
  own.y = down - (down - own.y) * (zoom / own.zoom);
  own.zoom = zoom;
  move(own, 0, 0);
}

function move(own, across, down) {
  own.x = Math.min(0, Math.max(1 - own.zoom, own.x + across));
  own.y = Math.min(0, Math.max(1 - own.zoom, own.y + down));
  show(own);
}

function whole(own) {
  own.zoom = 1;
  own.x = 0;
  own.y = 0;
  show(own);
}

function moving(pane, own) {
  const fingers = new Map();
  let spread = 0;
  const inside = (x, y) => {
    const box = pane.getBoundingClientRect();
    return [(x - box.left) / box.width, (y - box.top) / box.height];
  };
  pane.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomAt(own, Math.exp(-event.deltaY * 0.0015), ...inside(event.clientX, event.clientY));
  }, { passive: false });
  pane.ondblclick = (event) => (own.zoom > 1 ? whole(own) : zoomAt(own, 3, ...inside(event.clientX, event.clientY)));
  pane.onpointerdown = (event) => {
    pane.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    spread = 0;
  };
  pane.onpointermove = (event) => {
    const from = fingers.get(event.pointerId);
    if (!from) return;
    if (fingers.size === 1) {
      move(own, (event.clientX - from[0]) / pane.clientWidth, (event.clientY - from[1]) / pane.clientHeight);
    }
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 2) {
      const [one, two] = [...fingers.values()];
      const now = Math.hypot(one[0] - two[0], one[1] - two[1]);
      if (spread) zoomAt(own, now / spread, ...inside((one[0] + two[0]) / 2, (one[1] + two[1]) / 2));
      spread = now;
    }
  };
  pane.onpointerup = pane.onpointercancel = (event) => {
    fingers.delete(event.pointerId);
    spread = 0;
  };
  pane.onkeydown = (event) => {
    const step = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
    if (step) move(own, ...step);
    else if (event.key === "+" || event.key === "=") zoomAt(own, 1.5, 0.5, 0.5);
    else if (event.key === "-") zoomAt(own, 1 / 1.5, 0.5, 0.5);
    else if (event.key === "0") whole(own);
    else return;
    event.preventDefault();
  };
  return pane;
}
