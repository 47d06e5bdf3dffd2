// Times: kept in UTC, shown as the clock in Sweden says, whatever the clock of this machine is set to.

import { h } from "./dom.js";
import { pref } from "./prefs.js";

const ZONE = "Europe/Stockholm";
const PARTS = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
  hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/** The wall clock in Sweden at a moment, as `YYYY-MM-DDTHH:MM`: what a field for a time holds. */
export function wall(moment) {
  const at = parts(moment);
  return `${at.year}-${at.month}-${at.day}T${at.hour}:${at.minute}`;
}

/** The day in Sweden at a moment, `YYYY-MM-DD`. */
export function day(moment) {
  return wall(moment).slice(0, 10);
}

/**
 * The moments that a wall clock time in Sweden can mean: one; none in the hour that is left out in spring; two in the
 * hour that comes twice in autumn, summer time first.
 */
export function moments(text) {
  const as = Date.parse(`${text}:00Z`);
  if (Number.isNaN(as)) return [];
  return [2, 1].map((hours) => new Date(as - hours * 3600e3)).filter((moment) => wall(moment) === text.slice(0, 16));
}

/**
 * A day as people type it, as `YYYY-MM-DD`; null when it is none. Of "28/11", "1128" and "11-28" the year is that in which
 * the day lies nearest before tomorrow.
 */
export function typedDay(text, now = new Date()) {
  const whole = text.match(/^(\d{4})-?(\d{2})-?(\d{2})$/);
  if (whole) return realDay(whole[1], whole[2], whole[3]);
  const slashed = text.match(/^(\d{1,2})\/(\d{1,2})$/);
  const short = slashed ? [null, slashed[2], slashed[1]] : text.match(/^(\d{2})-?(\d{2})$/);
  if (!short) return null;
  const today = day(now);
  const thisYear = realDay(today.slice(0, 4), short[1], short[2]);
  return thisYear && thisYear > today ? realDay(String(Number(today.slice(0, 4)) - 1), short[1], short[2]) : thisYear;
}

/**
 * A time as people type it, as a wall clock `YYYY-MM-DDTHH:MM`; null when it is none. "21:52" and "2152" are the last time
 * that the clock showed it; else a day stands before it.
 */
export function typedTime(text, now = new Date()) {
  const found = text.trim().match(/^(?:(\S+)[\sT]+)?(\d{1,2})[:.]?(\d{2})$/);
  if (!found || Number(found[2]) > 23 || Number(found[3]) > 59) return null;
  const clock = `${found[2].padStart(2, "0")}:${found[3]}`;
  if (found[1]) {
    const on = typedDay(found[1], now);
    return on && `${on}T${clock}`;
  }
  const today = `${day(now)}T${clock}`;
  return today > wall(now) ? `${day(now - 86400e3)}T${clock}` : today;
}

function realDay(year, month, date) {
  const text = `${year}-${month.padStart(2, "0")}-${date.padStart(2, "0")}`;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text) ? text : null;
}

/** A moment as people read it: day and time in Sweden. */
export function local(moment, { seconds = false, date = true } = {}) {
  const at = parts(new Date(moment));
  const time = `${at.hour}:${at.minute}${seconds ? `:${at.second}` : ""}`;
  return date ? `${at.year}-${at.month}-${at.day} ${time}` : time;
}

/** A moment in UTC, as it is kept. */
export function utc(moment) {
  return `${new Date(moment).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** How long ago, in a few words. */
export function ago(moment, now = Date.now()) {
  const seconds = Math.round((new Date(moment) - now) / 1000);
  const format = new Intl.RelativeTimeFormat(pref("lang") === "en" ? "en" : "sv", { numeric: "auto" });
  const [size, unit] = [[86400, "day"], [3600, "hour"], [60, "minute"]].find(([s]) => Math.abs(seconds) >= s) || [1, "second"];
  return format.format(Math.trunc(seconds / size), unit);
}

/** A `time` element: local time to read, UTC to point at. */
export function timeElement(moment, options = {}) {
  const at = new Date(moment);
  return h("time", { datetime: at.toISOString(), title: utc(at), class: "num" }, local(at, options));
}

function parts(moment) {
  return Object.fromEntries(PARTS.formatToParts(moment).map(({ type, value }) => [type, value]));
}
