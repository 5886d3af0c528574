// Origins of pages, as browsers and apps with a page in them write them into the header Origin.
import { shown as shownAs } from '../base/faults.ts';
import type { Odd } from './pasted.ts';

/** Apps with a page in them have schemes of their own: capacitor, ionic, tauri, chrome-extension. */
const OF_AN_APP = /^([a-z][a-z\d+.-]*):\/\/[\w.-]+(?::\d{1,5})?$/;
/** The web's own: their origin is told by URL, and of all but these two no page comes. */
const OF_THE_WEB = ['http:', 'https:'];
const OF_NO_PAGE = ['ws', 'wss', 'ftp', 'file', 'blob', 'data', 'tcp', 'redis', 'rediss'];

const shown = (value: string): string =>
  shownAs(value, /:\/\/|^localhost(?::\d+)?\/?$|^[\w*-]+(?:\.[\w*-]+)+(?::\d+)?\/?$/i);

/** As a browser would write it, where that is beyond doubt: a slash behind, capitals, the default port. */
export function mendedOrigin(text: string, odd: Odd): string {
  const origin = originOf(text);
  if (origin === undefined || origin === text) return text;
  odd(`holds ${shown(text)}, which is taken as ${shown(origin)}: browsers write it so`);
  return origin;
}

function originOf(text: string): string | undefined {
  if (text.includes('*')) return undefined;
  const url = URL.parse(text);
  if (url === null || !OF_THE_WEB.includes(url.protocol)) {
    const bare = text.replace(/\/$/, '').toLowerCase();
    return OF_AN_APP.test(bare) ? bare : undefined;
  }
  const isMore = url.pathname !== '/' || url.search !== '' || url.hash !== '';
  const holdsUser = url.username !== '' || url.password !== '';
  // Only what is written as one: URL takes `https:a.example` and blanks too.
  return isMore || holdsUser || !/^https?:\/\/[^/\\\s?#]+\/?$/i.test(text) ? undefined : url.origin;
}

export function faultOfOrigin(value: string): string | undefined {
  if (value === '*') return 'must name origins, and not *';
  const none = `must hold origins like https://app.example.com, and ${shown(value)} is none`;
  if (value.includes('*')) return `${none}: a * matches nothing here, name each origin`;
  if (value === 'null') return `${none}: every sandboxed page and every file sends it`;
  if (/[\s;|]/.test(value)) return 'must hold origins, separated by commas';
  const origin = originOf(value);
  if (origin !== undefined) {
    const scheme = origin.slice(0, origin.indexOf(':'));
    return OF_NO_PAGE.includes(scheme) ? `${none}: no page comes from ${scheme}:` : undefined;
  }
  const url = URL.parse(value);
  const isWeb = url !== null && OF_THE_WEB.includes(url.protocol);
  if (isWeb && url.username + url.password === '' && url.hostname !== '') {
    return `${none}: ${shown(url.origin)} is meant?`;
  }
  return /^[\w-]+(?:\.[\w-]+)+(?::\d+)?$/.test(value) ? `${none}: write https:// before it` : none;
}
