/** Go's `Time.Format`. */
import { type LayoutElement, monthNames, parseLayout, weekdayNames } from './layout.ts';
import { type Moment, unixSeconds, type WallClock, wallClock } from './moment.ts';

/** The moment in its zone, written after a Go layout. */
export function formatTime(moment: Moment, layout: string): string {
  const clock = wallClock(moment);
  let out = '';
  for (const { literal, element, text } of parseLayout(layout)) {
    out += literal;
    if (element !== undefined) out += formatElement(moment, clock, element, text);
  }
  return out;
}

function formatElement(moment: Moment, clock: WallClock, element: LayoutElement, text: string): string {
  const hour12 = clock.hour % 12 || 12;
  switch (element) {
    case '06':
      return pad(Math.max(clock.year, 0) % 100, 2);
    case '2006':
      return clock.year < 0 ? `-${pad(-clock.year, 4)}` : pad(clock.year, 4);
    case 'January':
      return monthNames[clock.month - 1]!;
    case 'Jan':
      return monthNames[clock.month - 1]!.slice(0, 3);
    case '1':
      return String(clock.month);
    case '01':
      return pad(clock.month, 2);
    case 'Monday':
      return weekdayNames[clock.weekday]!;
    case 'Mon':
      return weekdayNames[clock.weekday]!.slice(0, 3);
    case '2':
      return String(clock.day);
    case '_2':
      return String(clock.day).padStart(2);
    case '02':
      return pad(clock.day, 2);
    case '__2':
      return String(clock.yearDay).padStart(3);
    case '002':
      return pad(clock.yearDay, 3);
    case '15':
      return pad(clock.hour, 2);
    case '3':
      return String(hour12);
    case '03':
      return pad(hour12, 2);
    case '4':
      return String(clock.minute);
    case '04':
      return pad(clock.minute, 2);
    case '5':
      return String(clock.second);
    case '05':
      return pad(clock.second, 2);
    case 'PM':
      return clock.hour >= 12 ? 'PM' : 'AM';
    case 'pm':
      return clock.hour >= 12 ? 'pm' : 'am';
    case 'MST':
      return moment.zone.abbreviationAt(unixSeconds(moment));
    case 'offset':
      return formatOffset(clock.offset, text);
    case 'fraction':
      return formatFraction(clock.nanosecond, text);
  }
}

function formatOffset(offset: number, text: string): string {
  if (text.startsWith('Z') && offset === 0) return 'Z';
  const seconds = Math.abs(offset);
  const colon = text.includes(':') ? ':' : '';
  let out = (offset < 0 ? '-' : '+') + pad(Math.floor(seconds / 3600), 2);
  if (text.length > 3) out += colon + pad(Math.floor(seconds / 60) % 60, 2);
  if (text.length > 6) out += colon + pad(seconds % 60, 2);
  return out;
}

function formatFraction(nanosecond: number, text: string): string {
  const digits = pad(nanosecond, 9)
    .padEnd(text.length - 1, '0')
    .slice(0, text.length - 1);
  if (text[1] === '0') return text[0] + digits;
  const significant = digits.replace(/0+$/, '');
  return significant === '' ? '' : text[0] + significant;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
