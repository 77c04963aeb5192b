import { gettext, interpolate } from "./text.js";
import { element } from "./dom.js";
import { isRecording } from "./models/recording.js";

// A room may hold hundreds of films; one that nobody scrolled to fetches nothing.
const nearby = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    nearby.unobserve(target);
    target.preload = "metadata";
  }
});

function pictureElement({ url, title, thumbnail, width, height, username }, picture) {
  picture.loading = "lazy";
  picture.decoding = "async";
  picture.alt = title || interpolate(gettext("Picture from %(name)s"), { name: username });
  if (width && height) Object.assign(picture, { width, height });
  picture.src = thumbnail || url;
  return picture;
}

function linkedPicture(media, picture) {
  const link = element("a", "media-picture");
  Object.assign(link, { href: media.url, target: "_blank", rel: "noopener" });
  link.dataset.act = "open-picture";
  link.append(pictureElement(media, picture));
  return link;
}

/** A browser writes no length into what it records; the end is found by going there. */
function findLength(player) {
  if (player.duration !== Infinity) return;
  player.addEventListener("durationchange", () => (player.currentTime = 0), { once: true });
  player.currentTime = Number.MAX_SAFE_INTEGER;
}

function playerElement(tag, { url, title }) {
  const player = element(tag, `media-${tag}`);
  Object.assign(player, { controls: true, preload: "none", src: url });
  if (title) player.setAttribute("aria-label", title);
  player.addEventListener("loadedmetadata", () => findLength(player), { once: true });
  nearby.observe(player);
  return player;
}

/**
 * What shows a message's file: `{kind, url, title, thumbnail, width, height, username, isLocal}`, sizes in pixels or null.
 * A local file, one that is still on its way, opens nowhere. The picture in `before`, what showed the same file until
 * now, is taken over, for then it stays until the new one is there.
 */
export function mediaElement(media, before = null) {
  const box = element("div", "media");
  box.dataset.kind = media.kind;
  const picture = before?.querySelector("img") ?? new Image();
  if (media.kind !== "image") {
    box.append(playerElement(media.kind === "video" ? "video" : "audio", media));
    if (media.title && !isRecording(media.title)) box.append(titleElement(media.title));
  } else if (media.isLocal) box.append(pictureElement(media, picture));
  else box.append(linkedPicture(media, picture));
  return box;
}

function titleElement(title) {
  const line = element("p", "media-title", title);
  line.dir = "auto";
  return line;
}

/** The size of a picture that `url` holds, `{width, height}` in pixels; {} when it is none. */
export async function pictureSize(url) {
  const picture = new Image();
  picture.src = url;
  return new Promise((resolve) => {
    picture.onload = () => resolve({ width: picture.naturalWidth, height: picture.naturalHeight });
    picture.onerror = () => resolve({});
  });
}
