/** Words for ranking: lower case, without the commonest ones, with endings cut so that `encrypted` meets `encryption`. */

const STOP = new Set(
  (
    'a an and are as at be been but by can could do does for from had has have he her his how i if in into is it its ' +
    'may me might more most must my no nor not of on one only or our out over shall she should so some such than that ' +
    'the their them then there these they this those to too under up us was we were what when where which while who ' +
    'will with without would yes you your'
  ).split(' '),
);

const ENDINGS = [
  'ations',
  'ation',
  'ments',
  'ment',
  'ings',
  'ions',
  'ing',
  'ion',
  'ers',
  'er',
  'ed',
  'es',
  's',
  'e',
];

/** A light stem of at least four letters; not a linguist's, but the same for a word's usual forms. */
export function stem(word: string): string {
  const ending = ENDINGS.find((candidate) => word.endsWith(candidate) && word.length - candidate.length >= 4);
  return ending ? word.slice(0, -ending.length) : word;
}

/** Stems in reading order. Identifiers fall into their parts: `aws_db_instance` is three words. */
export const words = (text: string): string[] =>
  (text.toLowerCase().match(/[a-z0-9]+/g) ?? [])
    .filter((word) => word.length > 1 && !STOP.has(word))
    .map(stem);
