/** Something that is wrong, and where: `events[3].hash`, or `` for the whole. */
export interface Finding {
  at: string;
  why: string;
}

/** Checks a value's shape; reports every place that does not fit, unknown members included. */
export type Shape = (value: unknown, at: string, report: (finding: Finding) => void) => void;

const said =
  (what: string, holds: (value: unknown) => boolean): Shape =>
  (value, at, report) => {
    if (!holds(value)) report({ at, why: `it is not ${what}` });
  };

export const anything: Shape = () => {};
export const text = said('a text', (v) => typeof v === 'string');
export const hash = said(
  'a SHA-256 in lower-case hex',
  (v) => typeof v === 'string' && /^[0-9a-f]{64}$/.test(v),
);
export const matching = (what: string, pattern: RegExp): Shape =>
  said(what, (v) => typeof v === 'string' && pattern.test(v));
export const count = said('a whole number, 0 or more', (v) => Number.isSafeInteger(v) && Number(v) >= 0);
export const exactly = (value: string): Shape => said(`“${value}”`, (v) => v === value);
export const truth = said('true or false', (v) => typeof v === 'boolean');

export const place = (at: string, member: string): string => (at === '' ? member : `${at}.${member}`);

export const listOf =
  (item: Shape): Shape =>
  (value, at, report) => {
    if (!Array.isArray(value)) return report({ at, why: 'it is not a list' });
    for (const [i, element] of value.entries()) item(element, `${at}[${i}]`, report);
  };

export const object =
  (members: Record<string, Shape>): Shape =>
  (value, at, report) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return report({ at, why: 'it is not an object' });
    for (const name of Object.keys(value))
      if (!Object.hasOwn(members, name))
        report({ at: place(at, name), why: 'this member is not known here' });
    for (const [name, shape] of Object.entries(members))
      if (!Object.hasOwn(value, name)) report({ at: place(at, name), why: 'it is missing' });
      else shape((value as Record<string, unknown>)[name], place(at, name), report);
  };

/** Which of two shapes applies is told by the value. */
export const either =
  (first: (value: unknown) => boolean, yes: Shape, no: Shape): Shape =>
  (value, at, report) =>
    first(value) ? yes(value, at, report) : no(value, at, report);
