import { err, ok, type Result } from '../result.ts';

/**
 * GOV-6: where a tool may send a request. The URL is parsed by the same WHATWG parser that `fetch` uses, so that both read the same
 * host: `http://2130706433/`, `0x7f.1` and `[::ffff:7f00:1]` arrive here as 127.0.0.1 in its usual forms. What a name resolves to
 * cannot be seen from here; that is why only listed names are reached at all.
 */
declare class URL {
  constructor(url: string);
  readonly origin: string;
  readonly href: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
  readonly username: string;
  readonly password: string;
}

export interface EgressRules {
  /** `host` (https), `*.host` for what is below it, `http://host` to allow it without TLS too. */
  allow: readonly string[];
}

export const EGRESS_REFUSALS = [
  'egress_url',
  'egress_scheme',
  'egress_credentials',
  'egress_port',
  'egress_private_address',
  'egress_not_allowed',
] as const;

export interface EgressRefusal {
  rule: (typeof EGRESS_REFUSALS)[number];
  reason: string;
  remedy: string;
}

export interface AllowedUrl {
  href: string;
  host: string;
}

/** Names that mean this machine, its network, or a cloud's metadata service. */
const LOCAL_NAMES = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|localdomain)$/;

const ipv4 = (host: string): number[] | null => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host);
  return match === null ? null : match.slice(1).map(Number);
};

/** Everything IANA does not give out as global unicast: this network, private, carrier, loopback, link-local, test, multicast, reserved. */
function privateIpv4([a = 0, b = 0, c = 0]: number[]): boolean {
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 100 && b >= 64 && b <= 127) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)) || (b === 88 && c === 99))) ||
    (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) ||
    (a === 203 && b === 0 && c === 113)
  );
}

/** The eight groups of an IPv6 address as the URL parser writes it (compressed, no dotted tail). */
function ipv6(host: string): number[] {
  const [head = '', tail] = host.slice(1, -1).split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return groups(head);
  const [front, back] = [groups(head), groups(tail)];
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

/** Only 2000::/3 is global; within it documentation, 6to4 and Teredo carry other addresses and are refused as well. */
function privateIpv6(groups: number[]): boolean {
  const [first = 0, second = 0] = groups;
  const global = first >= 0x2000 && first <= 0x3fff;
  return !global || first === 0x2002 || (first === 0x2001 && (second === 0 || second === 0xdb8));
}

export function isPrivateHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  if (host.startsWith('[')) return privateIpv6(ipv6(host));
  const address = ipv4(host);
  if (address !== null) return privateIpv4(address);
  return !host.includes('.') || LOCAL_NAMES.test(host);
}

const matches = (entry: string, host: string): boolean =>
  entry.startsWith('*.') ? host.endsWith(entry.slice(1)) && host !== entry.slice(2) : host === entry;

/** The list entry that names the host; one that allows plain http wins. */
function entryFor(host: string, rules: EgressRules): { plain: boolean } | null {
  const entries = rules.allow
    .map((raw) => ({
      plain: raw.startsWith('http://'),
      name: raw
        .replace(/^https?:\/\//, '')
        .replace(/\/$/, '')
        .toLowerCase(),
    }))
    .filter(({ name }) => matches(name, host));
  return entries.length === 0 ? null : { plain: entries.some(({ plain }) => plain) };
}

const refuse = (rule: EgressRefusal['rule'], reason: string, remedy: string) => err({ rule, reason, remedy });

/** Judges one URL, and each redirect's anew. Refusals name the host, never the rest of the URL, which may carry secrets. */
export function judgeUrl(url: string, rules: EgressRules): Result<AllowedUrl, EgressRefusal> {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return refuse('egress_url', 'This is not an absolute URL.', 'Give an absolute https:// URL.');
  }
  const host = parsed.hostname.toLowerCase().replace(/\.$/, '');
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')
    return refuse('egress_scheme', `${parsed.protocol} is not a web address.`, 'Use https.');
  if (parsed.username !== '' || parsed.password !== '')
    return refuse(
      'egress_credentials',
      'The URL carries credentials.',
      'Leave user and password out of the URL.',
    );
  if (isPrivateHost(host))
    return refuse(
      'egress_private_address',
      `${host} is a private, local or metadata address.`,
      'No configuration allows this; give the content to the plan as a context document.',
    );
  const entry = entryFor(host, rules);
  if (entry === null)
    return refuse(
      'egress_not_allowed',
      `${host} is not on the list of hosts that http_get may reach.`,
      `An administrator can add ${host} to AGS_HTTP_ALLOW, or give the page to the plan as a context document.`,
    );
  if (parsed.protocol === 'http:' && !entry.plain)
    return refuse('egress_scheme', `${host} may be reached over https only.`, 'Use https.');
  if (parsed.port !== '' && parsed.port !== '80' && parsed.port !== '443')
    return refuse('egress_port', `Port ${parsed.port} is not 80 or 443.`, 'Use the standard port.');
  return ok({ href: parsed.href, host });
}

/**
 * GOV-9: where a fronted MCP server may be. An admin names the address, no agent does, so a development deployment may list origins on
 * its own machine (`local`, exact); everything else is judged as any other request.
 */
export function judgeServerUrl(
  url: string,
  rules: EgressRules & { local: readonly string[] },
): Result<AllowedUrl, EgressRefusal> {
  const judged = judgeUrl(url, rules);
  if (judged.ok || judged.error.rule !== 'egress_private_address') return judged;
  const { href, origin, hostname } = new URL(url);
  return rules.local.includes(origin) ? ok({ href, host: hostname }) : judged;
}
