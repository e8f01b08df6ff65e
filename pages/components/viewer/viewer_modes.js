// ── what a mode needs besides the two pictures: flicker, blend, difference, loupe ───────────

const RATES = [0.5, 1, 2, 3]; // changes a second: no more than three flashes, for people whom more would harm
const LARGEST_HEAT = 1600; // pixels across, as views have
const VISIBLE = 26; // of 255: a tenth, in any of red, green and blue
const LENS = 180;

function drawMode(own) {
  clearInterval(own.ticking);
  own.shownSide = "after";
  const pane = own.stage.querySelector(".pane");
  if (own.mode === "blend") own.stage.querySelector(".after").style.opacity = own.blend / 100;
  if (own.mode === "difference") drawHeat(own);
  if (own.mode === "flicker" && own.playing) {
    own.ticking = setInterval(() => side(own, own.shownSide === "after" ? "before" : "after"), 1000 / own.rate);
  }
  if (pane) side(own, own.mode === "flicker" ? "after" : null);
}

// Which of the two is seen: both (null), or one of them.
function side(own, which) {
  own.shownSide = which ?? "after";
  const seen = own.held ? "before" : which;
  own.stage.dataset.seen = seen ?? "both";
}

function hold(own, held) {
  if (own.mode === "panes" || own.held === held) return;
  own.held = held;
  side(own, own.mode === "flicker" ? own.shownSide : null);
}

function play(own) {
  own.playing = !own.playing;
  drawMode(own);
  drawBars(own);
}

// ── difference ──────────────────────────────────────────────────────────────────────────────

const heatColours = (() => {
  const stops = [[0, 64, 18, 110], [0.25, 150, 30, 108], [0.5, 221, 72, 62], [0.75, 250, 150, 22], [1, 252, 250, 160]];
  return Array.from({ length: 256 }, (_, value) => {
    const share = value / 255;
    const upper = Math.max(1, stops.findIndex(([at]) => at >= share));
    const [low, high] = [stops[upper - 1], stops[upper]];
    const part = (share - low[0]) / (high[0] - low[0]);
    return [1, 2, 3].map((channel) => Math.round(low[channel] + (high[channel] - low[channel]) * part));
  });
})();

function pixelsOf(own, shot, image, width, height) {
  const canvas = element("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const at = fit(own, shot);
  context.drawImage(image, at.x * width, at.y * height, at.width * width, at.height * height);
  return context.getImageData(0, 0, width, height).data;
}

async function drawHeat(own) {
  const [before, after] = pair(own);
  const key = `${before.view} ${after.view}`;
  if (own.apart?.key !== key) {
    own.apart = null;
    own.share.textContent = "";
    const views = [before, after].map((shot) => layerOf(own, shot).view);
    try {
      await Promise.all(views.map((view) => view.decode()));
    } catch {
      own.share.textContent = "The difference cannot be shown: a picture could not be loaded.";
      return;
    }
    if (own.mode !== "difference" || pair(own)[0] !== before || pair(own)[1] !== after) return; // gone on meanwhile
    own.apart = apart(own, before, after, views, key);
  }
  paintHeat(own);
}

// How far apart the two are at each pixel, 0 to 255; outside of either picture nothing can be said.
function apart(own, before, after, views, key) {
  const width = Math.min(LARGEST_HEAT, before.width, Math.max(...views.map((view) => view.naturalWidth)));
  const height = Math.round(width / own.data.ratio);
  const [one, two] = [pixelsOf(own, before, views[0], width, height), pixelsOf(own, after, views[1], width, height)];
  const values = new Uint8Array(width * height);
  const grey = new Uint8Array(width * height);
  const known = new Uint8Array(width * height);
  let [seen, differ] = [0, 0];
  for (let pixel = 0, at = 0; pixel < values.length; pixel += 1, at += 4) {
    if (one[at + 3] < 255 || two[at + 3] < 255) continue;
    known[pixel] = 1;
    seen += 1;
    grey[pixel] = (one[at] * 54 + one[at + 1] * 183 + one[at + 2] * 19) >> 8;
    values[pixel] = Math.max(
      Math.abs(one[at] - two[at]), Math.abs(one[at + 1] - two[at + 1]), Math.abs(one[at + 2] - two[at + 2]),
    );
    if (values[pixel] > VISIBLE) differ += 1;
  }
  return { key, width, height, values, grey, known, share: seen ? differ / seen : 0 };
}

function paintHeat(own) {
  const { width, height, values, grey, known, share } = own.apart;
  const canvas = own.heat;
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const painted = context.createImageData(width, height);
  for (let pixel = 0, at = 0; pixel < values.length; pixel += 1, at += 4) {
    if (!known[pixel]) continue; // the hatching behind shows
    const heat = Math.min(255, values[pixel] * own.gain);
    const colour = heatColours[heat];
    const strength = Math.min(1, Math.max(0, heat - 40) / 60);
    const base = 24 + grey[pixel] * 0.34; // the room stays to be seen, dimmed, where nothing changed
    for (let channel = 0; channel < 3; channel += 1) {
      painted.data[at + channel] = base + (colour[channel] - base) * strength;
    }
    painted.data[at + 3] = 255;
  }
  context.putImageData(painted, 0, 0);
  const figure = share > 0 && share < 0.01 ? "less than 1" : Math.round(share * 100);
  own.share.textContent = `${figure} % of the pixels differ by more than a tenth`;
  own.stage.dataset.heat = "drawn";
}

// ── loupe ───────────────────────────────────────────────────────────────────────────────────

// One pixel of the room's photo on one of the screen; an output of another size is scaled to it, and that is said.
function drawLoupe(own) {
  for (const pane of own.stage.querySelectorAll(".pane")) {
    if (!own.loupe) {
      pane.querySelector(".lenses")?.remove();
      pane.querySelector(".spot")?.remove();
      continue;
    }
    const size = Math.round(Math.min(LENS, pane.clientWidth * 0.4, pane.clientHeight * 0.6));
    let lenses = pane.querySelector(".lenses");
    if (!lenses) {
      lenses = element("div", "lenses");
      for (const shot of pane.shots) {
        const lens = element("figure", "lens");
        lens.append(describe(element("canvas"), { role: "img", "aria-label": `Loupe on ${shot.label}` }), element("figcaption"));
        lenses.append(lens);
      }
      pane.append(element("div", "spot"), lenses);
    }
    const across = own.x + own.spot[0] * own.zoom;
    const down = own.y + own.spot[1] * own.zoom;
    lenses.classList.toggle("above", down > 0.5);
    const room = original(own);
    const pixels = size * devicePixelRatio;
    const spot = pane.querySelector(".spot");
    // The frame is the room's photo, or holds it whole when that is narrower than any pane.
    const side = (pixels / room.width) * fit(own, room).width * own.zoom * pane.clientWidth;
    Object.assign(spot.style, { left: `${across * 100}%`, top: `${down * 100}%`, width: `${side}px`, height: `${side}px` });
    pane.shots.forEach((shot, place) => drawLens(own, lenses.children[place], shot, size, pixels));
  }
}

function drawLens(own, lens, shot, size, pixels) {
  const [canvas, caption] = lens.children;
  if (canvas.width !== Math.round(pixels)) canvas.width = canvas.height = Math.round(pixels);
  canvas.style.width = canvas.style.height = `${size}px`;
  const layer = layerOf(own, shot);
  const image = layer.full ?? layer.view;
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  const loading = layer.shot.full && !layer.full;
  if (!image.naturalWidth || !image.complete) return;
  const room = original(own);
  const [frame, at] = [fit(own, room), fit(own, shot)];
  const perRoomPixel = ((shot.width / at.width) * frame.width) / room.width; // of this picture's own pixels
  const perOwnPixel = image.naturalWidth / shot.width; // below 1 while only the view is there
  const exact = Math.abs(perRoomPixel - 1) < 0.001 && perOwnPixel === 1;
  const wide = exact ? canvas.width : canvas.width * perRoomPixel * perOwnPixel;
  const corner = [(own.spot[0] - at.x) / at.width, (own.spot[1] - at.y) / at.height].map((part, axis) => {
    const pixel = part * (axis ? image.naturalHeight : image.naturalWidth) - wide / 2;
    return exact ? Math.round(pixel) : pixel;
  });
  context.imageSmoothingEnabled = !exact;
  context.drawImage(image, ...corner, wide, wide, 0, 0, canvas.width, canvas.height);
  const scale = 1 / perRoomPixel;
  const words = loading ? "loading…" : exact ? "1:1" : `${scale > 1 ? "enlarged" : "reduced"} ${scale.toFixed(2)} ×`;
  caption.textContent = `${words} · ${shot.label}`;
  canvas.dataset.ready = !loading;
}
