import { get, isTrue, scalars, textOf } from './document.ts';
import type { Found } from './finding.ts';
import { argument, type Task } from './playbook.ts';

/** Modules whose object holds data: gone with `state: absent` (or its like). */
const STATEFUL =
  /^(mysql_db|mysql_databases?|postgresql_(db|schema|tablespace)|mongodb_\w+|mssql_db|rds_(instance|cluster)\w*|s3_bucket|aws_s3|s3_object|ebs_volume|ec2_vol|ec2_instance|efs|dynamodb_table|elasticache|docker_volume|lvol|lvg|filesystem|parted|k8s|gcp_\w*(disk|bucket|sql)\w*|azure_rm_\w*(disk|storage|sql)\w*|zfs)$/;
const GONE = /^(absent|deleted|terminated|destroyed)$/i;
/** Below these lies what a host lives on. */
const VITAL = /^\/($|etc|home|root|usr|boot|var\/(lib|www|backups?|mail|log)|opt|srv|data|mnt)(\/|$)/;
const WORLD_WRITABLE = /^(["']?[0-7]?[0-7][0-7][2367]["']?|\S*[oa]\+?=?r?w\S*)$/;
const OPEN_TO_ALL = /(^|[\s,"'=])(0\.0\.0\.0\/0|::\/0)(?=$|[\s,"'])/;

export function dataDestroyed(task: Task): Found[] {
  const state = argument(task, 'state');
  if (state && GONE.test(state.text) && STATEFUL.test(task.module))
    return [
      {
        rule: 'data_destroyed',
        severity: 'high',
        title: `${task.module} removes what holds data`,
        body: 'The object and its contents are gone when this has run.',
        at: state.at,
        quote: `state: ${state.text}`,
        remedy: 'Take a snapshot in a task before, and let a person approve the run.',
      },
    ];
  const path = task.module === 'file' ? argument(task, 'path', 'dest', 'name') : null;
  if (!path || !state || !GONE.test(state.text)) return [];
  const vital = VITAL.test(path.text);
  const templated = path.text.startsWith('{{');
  if (!vital && !templated) return [];
  return [
    {
      rule: 'data_destroyed',
      severity: vital ? 'high' : 'medium',
      title: vital
        ? 'A path that the host lives on is removed'
        : 'What is removed is known only when it runs',
      body: '`file` with `state: absent` removes directories with all that is in them.',
      at: path.at,
      quote: path.text.slice(0, 300),
      remedy: 'Remove a path of your own, written out in full.',
    },
  ];
}

export function unverifiedDownload(task: Task): Found[] {
  const url = argument(task, 'url', 'src', 'repo');
  const found: Found[] = [];
  const downloads = ['get_url', 'unarchive', 'uri', 'git', 'yum', 'dnf', 'apt', 'pip'].includes(task.module);
  if (downloads && url && /^http:\/\//i.test(url.text))
    found.push({
      rule: 'unverified_download',
      severity: 'medium',
      title: 'Something is fetched over plain HTTP',
      body: 'Whoever is on the line can replace it.',
      at: url.at,
      quote: url.text.slice(0, 300),
      remedy: 'Use https, and a checksum where the module takes one.',
    });
  else if (task.module === 'get_url' && url && argument(task, 'checksum') === null)
    found.push({
      rule: 'unverified_download',
      severity: 'low',
      title: 'A download without a checksum',
      body: 'What lies at the address tomorrow may be something else.',
      at: url.at,
      quote: url.text.slice(0, 300),
      remedy: 'Give `checksum: sha256:…`.',
    });
  const certificates = argument(task, 'validate_certs');
  if (certificates && /^(false|no|off|0)$/i.test(certificates.text))
    found.push({
      rule: 'tls_unchecked',
      severity: 'medium',
      title: 'The other side’s certificate is not checked',
      body: 'The line is encrypted to whoever answers.',
      at: certificates.at,
      quote: `validate_certs: ${certificates.text}`,
      remedy: 'Trust the right authority instead of none.',
    });
  return found;
}

export function worldWritable(task: Task): Found[] {
  const mode = argument(task, 'mode');
  if (!mode || !WORLD_WRITABLE.test(mode.text) || /^\D*1[0-7]{3}\D*$/.test(mode.text)) return [];
  return [
    {
      rule: 'world_writable',
      severity: 'high',
      title: 'Everybody on the host may write here',
      body: 'Any account can replace what root or a service reads.',
      at: mode.at,
      quote: `mode: ${mode.text}`,
      remedy: "Give the owner alone the right to write, e.g. mode: '0644'.",
    },
  ];
}

export function openNetwork(task: Task): Found[] {
  for (const { text, at } of scalars(task.args)) {
    if (!OPEN_TO_ALL.test(text)) continue;
    return [
      {
        rule: 'open_network',
        severity: 'high',
        title: 'Open to the whole internet',
        body: 'The rule lets every address in.',
        at,
        quote: text.slice(0, 300),
        remedy: 'Name the networks that need it.',
      },
    ];
  }
  return [];
}

export function unpinnedVersion(task: Task): Found[] {
  const state = argument(task, 'state');
  if (state?.text !== 'latest') return [];
  return [
    {
      rule: 'unpinned_version',
      severity: 'low',
      title: 'Whatever version is newest is installed',
      body: 'Two runs of the same playbook give different hosts.',
      at: state.at,
      quote: 'state: latest',
      remedy: 'Name the version.',
    },
  ];
}

const PASSWORD_ARGUMENT = /(^|_)(password|passwd|passphrase|token|secret|api_key)$/i;

export function secretLogged(task: Task): Found[] {
  if (isTrue(get(task.value, 'no_log'))) return [];
  if (task.args.kind !== 'map') return [];
  for (const [name, { at, value }] of task.args.entries) {
    if (!PASSWORD_ARGUMENT.test(name) || !/\{\{/.test(textOf(value))) continue;
    return [
      {
        rule: 'secret_logged',
        severity: 'medium',
        title: 'A secret shows in the run’s output',
        body: 'Without `no_log` its value is printed in verbose runs and on failure.',
        at,
        quote: `${name}: ${textOf(value)}`.slice(0, 300),
        remedy: 'Set `no_log: true` on the task.',
      },
    ];
  }
  return [];
}
