// Puts newer pieces of the page into place as the server sends them.
"use strict";

// The server is heard every 5 s at least. A connection whose other end is gone without a
// word, as when a machine dies or sleeps, says nothing and never fails.
const SILENCE = 15000;
const status = document.getElementById("status");
let version = null;
let lost = null;
let heard = Date.now();
let events = null;

function connect() {
  events?.close();
  heard = Date.now();
  events = new EventSource("events" + location.search);
  events.onmessage = (message) => {
    const { version: now, pieces } = JSON.parse(message.data);
    // Another version of the server may write other pieces.
    if (version !== null && now !== version) return location.reload();
    version = now;
    lost = null;
    heard = Date.now();
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
  if (Date.now() - heard > SILENCE) {
    lost ??= heard;
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
