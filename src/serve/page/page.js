// Replaces pieces of the page as the server sends newer ones.
"use strict";

// The server sends an event at least every 5 s. When a machine dies or sleeps, its connections
// neither fail nor deliver events.
const MAX_SILENCE = 15000;
const status = document.getElementById("status");
let version = null;
let lost = null;
let lastEvent = Date.now();
let events = null;

function connect() {
  events?.close();
  lastEvent = Date.now();
  events = new EventSource("events" + location.search);
  events.onmessage = (message) => {
    const { version: now, pieces } = JSON.parse(message.data);
    // Another version of the server may send other pieces.
    if (version !== null && now !== version) return location.reload();
    version = now;
    lost = null;
    lastEvent = Date.now();
    document.body.classList.remove("lost");
    for (const [id, html] of Object.entries(pieces)) {
      const element = document.getElementById(id);
      if (element) element.innerHTML = html;
    }
  };
  events.onerror = () => {
    lost ??= Date.now();
    // The browser tries again by itself, unless the server has answered with an error.
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  };
}

setInterval(() => {
  if (Date.now() - lastEvent > MAX_SILENCE) {
    lost ??= lastEvent;
    connect();
  }
  if (lost === null || Date.now() - lost < 1500) return;
  document.body.classList.add("lost");
  const text = document.createElement("p");
  const seconds = Math.round((Date.now() - lost) / 1000);
  text.textContent = `No connection to oppscale for ${seconds} s. What stands here is old.`;
  status.replaceChildren(text);
}, 1000);

connect();
