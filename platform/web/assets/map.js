// Puts a map that moves where the outline of a page is, once it is drawn: from this site's own tiles, without a base
// map. Where WebGL, the library or a tile fails, the outline stays. Everything shown is set as text, never as HTML.

const figure = document.querySelector("figure.map[data-map]");
const near = 8;
const blue = "#2a6aa6";
const dark = "#174a7c";
const nothing = { type: "FeatureCollection", features: [] };

function style(told) {
  const tiles = new URL(told.tiles, location.href).href.replace(/%7B/gi, "{").replace(/%7D/gi, "}");
  const rows = { source: "rows", "source-layer": "rows" };
  const of = (kind) => ["==", ["geometry-type"], kind];
  return {
    version: 8,
    sources: {
      rows: { type: "vector", tiles: [tiles], minzoom: 0, maxzoom: told.zoom, bounds: told.bounds },
      chosen: { type: "geojson", data: nothing },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": "#f4f6f8" } },
      { id: "areas", type: "fill", ...rows, filter: of("Polygon"),
        paint: { "fill-color": blue, "fill-opacity": 0.25, "fill-outline-color": dark } },
      { id: "lines", type: "line", ...rows, filter: of("LineString"), paint: { "line-color": blue, "line-width": 3 } },
      { id: "points", type: "circle", ...rows, filter: of("Point"),
        paint: { "circle-color": blue, "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 4, 14, 7],
          "circle-stroke-color": "#fff", "circle-stroke-width": 1 } },
      { id: "counts", type: "circle", source: "rows", "source-layer": "counts",
        paint: { "circle-color": dark, "circle-opacity": 0.75,
          "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "count"]], 1, 3, 30, 14, 300, 22] } },
      { id: "chosen", type: "circle", source: "chosen",
        paint: { "circle-radius": 9, "circle-opacity": 0, "circle-stroke-color": "#b35900", "circle-stroke-width": 3 } },
    ],
  };
}

function element(name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  return made;
}

// A row as a list of its columns, with the way to it in the table.
function card(told, properties) {
  const card = element("div");
  const list = element("dl");
  list.className = "facts";
  for (const [name, value] of Object.entries(properties)) {
    const words = value === true ? told.words.yes : value === false ? told.words.no : String(value);
    list.append(element("dt", told.titles[name] || name), element("dd", words));
  }
  card.append(list);
  if (told.key.length > 0 && told.key.every((name) => name in properties)) {
    const asked = new URLSearchParams(told.key.map((name) => [`${name}__eq`, String(properties[name])]));
    const link = element("a", told.words.row);
    link.href = `${told.rows}?${asked}`;
    card.append(link);
  }
  return card;
}

function stylesheet(address) {
  return new Promise((done, failed) => {
    const link = element("link");
    link.rel = "stylesheet";
    link.href = address;
    link.onload = done;
    link.onerror = failed;
    document.head.append(link);
  });
}

async function start() {
  const told = JSON.parse(figure.dataset.map);
  const [library] = await Promise.all([import(figure.dataset.library), stylesheet(figure.dataset.style)]);
  library.setWorkerUrl(new URL(figure.dataset.worker, location.href).href);
  const stage = element("div");
  stage.className = "stage";
  const container = element("div");
  stage.append(container);
  figure.querySelector(".plot").append(stage);
  const map = new library.Map({
    container,
    style: style(told),
    bounds: told.bounds,
    maxZoom: told.zoom + 3,
    locale: told.library,
    attributionControl: false,
    cooperativeGestures: true,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxPitch: 0,
    fadeDuration: 0,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new library.NavigationControl({ showCompass: false }));
  map.addControl(new library.ScaleControl());
  const chosen = figure.querySelector(".chosen");
  const choose = (found, at) => {
    chosen.hidden = !found;
    chosen.replaceChildren();
    map.getSource("chosen").setData(found ? { type: "Feature", properties: {}, geometry: at } : nothing);
    if (!found) return;
    const heap = found.layer.id === "counts";
    const count = heap && told.words.count.replace("#", found.properties.count);
    chosen.append(heap ? element("p", count) : card(told, found.properties));
  };
  const show = (point) => {
    const box = [[point.x - near, point.y - near], [point.x + near, point.y + near]];
    const found = map.queryRenderedFeatures(box, { layers: ["counts", "points", "lines", "areas"] })[0];
    const here = { type: "Point", coordinates: map.unproject(point).toArray() };
    choose(found, found && found.geometry.type === "Point" ? found.geometry : here);
  };
  map.on("click", (event) => show(event.point));
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key === "Enter") show(map.project(map.getCenter()));
    if (event.key === "Escape") choose();
  });
  await new Promise((done, failed) => {
    map.on("load", done);
    map.on("error", (event) => failed(event.error));
  }).catch((error) => {
    map.remove();
    stage.remove();
    throw error;
  });
  figure.classList.add("moving");
  figure.querySelector(".keys").hidden = false;
}

if (figure && document.createElement("canvas").getContext("webgl2")) {
  start().catch((error) => console.warn("the map stays an outline", error));
}
