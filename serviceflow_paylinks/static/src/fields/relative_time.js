import {formatDateTime} from "@web/core/l10n/dates";

const {DateTime, Duration} = luxon;

/** Each unit with the hours from which on it is used; the last one that fits. */
const UNITS = [
    ["minutes", 0],
    ["hours", 1],
    ["days", 24],
    ["months", 24 * 60],
];

/**
 * Say how far away a moment is, rounded to the nearest unit: "in 3 days", "20 minutes ago".
 * luxon alone rounds down: a link made just now would expire "in 29 days" where 30 were asked for.
 *
 * @param {luxon.DateTime} moment
 * @param {{now?: luxon.DateTime, style?: "long" | "short" | "narrow"}} [options]
 * @returns {string}
 */
export function relativeTime(moment, {now = DateTime.now(), style = "long"} = {}) {
    const distance = moment.diff(now);
    const hours = Math.abs(distance.as("hours"));
    const [unit] = UNITS.findLast(([, from]) => hours >= from);
    const sign = distance.toMillis() < 0 ? -1 : 1;
    const count = Math.max(1, Math.round(Math.abs(distance.as(unit))));
    return now.plus({[unit]: sign * count}).toRelative({base: now, unit, style});
}

/**
 * Say how long something took: "45 minutes", "5 hours", "2.5 days".
 *
 * @param {number} seconds
 * @returns {string}
 */
export function humanDuration(seconds) {
    const hours = seconds / 3600;
    const [unit] = UNITS.slice(0, 3).findLast(([, from]) => hours >= 2 * from);
    const exact = Duration.fromObject({seconds}).as(unit);
    const digits = unit === "days" && exact < 10 ? 1 : 0;
    return Duration.fromObject({[unit]: Number(exact.toFixed(digits))}).toHuman();
}

/**
 * @param {luxon.DateTime} moment
 * @returns {string} the exact time, for a tooltip
 */
export function exactTime(moment) {
    return formatDateTime(moment, {showSeconds: false});
}
