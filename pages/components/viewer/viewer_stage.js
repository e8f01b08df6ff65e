// ── the stage: panes, the pictures in them, zoom and position ───────────────────────────────

const MOST_ZOOM = 16;
const SHARPEN_MS = 160; // flying past loads nothing

function picture(own, url, className, alt) {
  const image = element("img", className);
  image.decoding = "async";
  image.draggable = false;
  image.alt = alt;
  image.src = url;
  return image;
}

// A shot's pictures lie on each other: the thumbnail at once, the view over it, the whole file on demand.
function layerOf(own, shot) {
  let layer = own.layers.get(shot.id);
  if (layer) return layer;
  const node = element("div", "layer");
  const sheet = element("div", shot.other_shape ? "sheet other" : "sheet");
  layer = { shot, node, sheet, full: null, asked: false };
  layer.thumbnail = picture(own, shot.thumbnail, "", "");
  layer.view = picture(own, shot.view, "", shot.alt);
  layer.view.onload = () => {
    layer.thumbnail.remove();
    show(own);
  };
  layer.view.onerror = () => {
    layer.view.remove();
    sheet.append(element("p", "sorry", "This picture could not be loaded. Reload the page."));
  };
  sheet.append(layer.thumbnail, layer.view);
  node.append(sheet);
  own.layers.set(shot.id, layer);
  return layer;
}

function place(own, shot, className) {
  const { node, sheet } = layerOf(own, shot);
  node.className = `layer ${className}`;
  node.style.opacity = "";
  sheet.querySelector(".overlay")?.remove();
  if (shot.overlay && own.overlay) sheet.append(picture(own, shot.overlay, "overlay", shot.overlay_label));
  return node;
}

function needFull(own, shot) {
  const layer = layerOf(own, shot);
  if (layer.asked || !shot.full) return;
  layer.asked = true;
  const full = picture(own, shot.full, "full", shot.alt);
  full.onload = () => {
    layer.full = full;
    layer.view.after(full);
    layer.view.alt = "";
    show(own);
  };
  full.onerror = () => {
    layer.shot = { ...layer.shot, full: null };
    show(own);
  };
}

const tag = (shot, className) => {
  const node = element("span", `tag ${className}`);
  node.append(element("span", "name", shot.label));
  if (shot.framing) {
    const framing = element("span", "framing");
    framing.append(element("span", "whole", shot.framing), element("span", "brief", shot.framing_brief));
    node.append(framing);
  }
  return node;
};

function pairPane(own) {
  const [before, after] = pair(own);
  const pane = element("div", "pane");
  pane.append(place(own, before, "before"));
  if (own.mode === "difference") {
    const heat = element("div", "layer heat");
    const sheet = element("div", "sheet");
    own.heat = describe(element("canvas"), { role: "img", "aria-label": `Difference between ${before.label} and ${after.label}` });
    sheet.append(own.heat);
    heat.append(sheet);
    pane.append(heat);
  } else pane.append(place(own, after, "after"));
  pane.append(tag(before, "left"), tag(after, "right"));
  if (own.mode === "slider") pane.append(divider(own, pane, before, after));
  else name(pane, `${before.label} and ${after.label}, ${MODES[own.mode][0].toLowerCase()}`);
  return moving(pane, own, [before, after]);
}

function singlePane(own, shot) {
  const pane = element("div", "pane");
  pane.append(place(own, shot, ""), tag(shot, "left"));
  name(pane, shot.label);
  if (shot.judged && shot.id === own.data.opened) describe(pane, { "aria-current": "true" });
  pane.dataset.shot = shot.code;
  const pick = () => shot.judged && shot.id !== own.data.opened && open(own, shot.id);
  pane.addEventListener("tap", pick);
  pane.onkeydown = (event) => {
    if (event.key === "Enter") pick();
  };
  return moving(pane, own, [shot]);
}

function name(pane, label) {
  pane.tabIndex = 0;
  describe(pane, { role: "group", "aria-label": `${label}: arrows move, plus and minus zoom, 0 shows all of it` });
}

function divider(own, pane, before, after) {
  const handle = element("div", "handle");
  handle.append(element("div", "knob"));
  handle.tabIndex = 0;
  describe(handle, {
    role: "slider",
    "aria-label": `Divider between ${before.label} and ${after.label}`,
    "aria-orientation": "horizontal",
    "aria-valuemin": 0,
    "aria-valuemax": 100,
  });
  const cut = (value) => {
    own.cut = clamp(value, 0, 100);
    pane.style.setProperty("--cut", `${own.cut}%`);
    describe(handle, {
      "aria-valuenow": Math.round(own.cut),
      "aria-valuetext": `${Math.round(own.cut)} % ${before.label}`,
    });
    rememberLook(own);
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
    if (event.shiftKey) return; // Shift and arrows move the loupe
    const step = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10 }[event.key];
    const value = event.key === "Home" ? 0 : event.key === "End" ? 100 : own.cut + (step ?? NaN);
    if (Number.isNaN(value)) return;
    event.preventDefault();
    event.stopPropagation(); // the arrows move the divider here, not the picture
    cut(value);
  };
  return handle;
}

// Where a picture lies in the frame, as fractions of it: whole inside, in the middle.
function fit(own, shot) {
  const wide = shot.width / shot.height / own.data.ratio;
  const [width, height] = wide > 1 ? [1, 1 / wide] : [wide, 1];
  return { x: (1 - width) / 2, y: (1 - height) / 2, width, height };
}

function show(own) {
  // x and y are fractions of a pane, so that panes of any size stay in step.
  for (const sheet of own.root.querySelectorAll(".sheet")) {
    sheet.style.transform = `translate(${own.x * 100}%, ${own.y * 100}%) scale(${own.zoom})`;
  }
  own.root.classList.toggle("zoomed", own.zoom > 1);
  own.root.classList.toggle("magnifying", own.loupe);
  own.figure.textContent = `${Math.round(own.zoom * 100)} %`;
  own.resolution.textContent = resolution(own);
  drawLoupe(own);
  clearTimeout(own.sharpening);
  own.sharpening = setTimeout(() => sharpen(own), SHARPEN_MS);
}

// The whole file is fetched when the screen has more pixels for a picture than its view has, or the loupe is on.
function sharpen(own) {
  const pane = own.stage.querySelector(".pane");
  if (!pane) return;
  for (const shot of visible(own)) {
    const { view } = layerOf(own, shot);
    const pixels = pane.clientWidth * fit(own, shot).width * own.zoom * devicePixelRatio;
    if (own.loupe || (view.naturalWidth && own.zoom > 1 && pixels > view.naturalWidth)) needFull(own, shot);
  }
  own.resolution.textContent = resolution(own);
}

function resolution(own) {
  const layers = visible(own).map((shot) => layerOf(own, shot));
  if (layers.some((layer) => layer.asked && !layer.full && layer.shot.full)) return "loading full resolution…";
  return layers.some((layer) => layer.full) ? "full resolution" : "";
}

function zoomAt(own, factor, across, down) {
  const zoom = clamp(own.zoom * factor, 1, MOST_ZOOM);
  own.x = across - (across - own.x) * (zoom / own.zoom);
  own.y = down - (down - own.y) * (zoom / own.zoom);
  own.zoom = zoom;
  move(own, 0, 0);
}

function move(own, across, down) {
  own.x = clamp(own.x + across, 1 - own.zoom, 0);
  own.y = clamp(own.y + down, 1 - own.zoom, 0);
  show(own);
  rememberLook(own);
}

function whole(own) {
  Object.assign(own, { zoom: 1, x: 0, y: 0 });
  move(own, 0, 0);
}

// One pixel of the opened picture on one pixel of the screen.
function oneToOne(own) {
  const shot = opened(own);
  const pane = own.stage.querySelector(".pane");
  const wanted = shot.width / (pane.clientWidth * fit(own, shot).width * devicePixelRatio);
  zoomAt(own, wanted / own.zoom, 0.5, 0.5);
}

function moving(pane, own, shots) {
  const fingers = new Map();
  let spread = 0;
  let travelled = 0;
  const inside = (x, y) => {
    const box = pane.getBoundingClientRect();
    return [(x - box.left) / box.width, (y - box.top) / box.height];
  };
  const look = (event) => {
    if (!own.loupe) return;
    const [across, down] = inside(event.clientX, event.clientY);
    own.spot = [clamp((across - own.x) / own.zoom, 0, 1), clamp((down - own.y) / own.zoom, 0, 1)];
    drawLoupe(own);
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
    if (fingers.size === 1) travelled = 0;
    look(event);
  };
  pane.onpointermove = (event) => {
    const from = fingers.get(event.pointerId);
    if (!from || (fingers.size === 1 && own.loupe && event.pointerType === "touch")) look(event); // a finger carries the loupe
    else if (fingers.size === 1) {
      look(event);
      travelled += Math.hypot(event.clientX - from[0], event.clientY - from[1]);
      move(own, (event.clientX - from[0]) / pane.clientWidth, (event.clientY - from[1]) / pane.clientHeight);
    }
    if (!from) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 2) {
      travelled = Infinity;
      const [one, two] = [...fingers.values()];
      const now = Math.hypot(one[0] - two[0], one[1] - two[1]);
      const middle = inside((one[0] + two[0]) / 2, (one[1] + two[1]) / 2);
      if (spread) zoomAt(own, now / spread, ...middle);
      spread = now;
    }
  };
  pane.onpointerup = (event) => {
    if (fingers.size === 1 && travelled < 6) pane.dispatchEvent(new Event("tap"));
    fingers.delete(event.pointerId);
    spread = 0;
  };
  pane.onpointercancel = (event) => {
    fingers.delete(event.pointerId);
    spread = 0;
  };
  pane.shots = shots;
  return pane;
}
