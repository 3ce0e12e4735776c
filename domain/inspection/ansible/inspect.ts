import { severityRank } from '../../governance/severity.ts';
import { err, ok, type Result } from '../../result.ts';
import { scoreOf } from '../score.ts';
import { clearSecrets, targetFound } from './anywhere.ts';
import { alwaysChanges, commandOf, destructiveCommand, errorsIgnored, remoteScript } from './commands.ts';
import { get, readYaml, textOf } from './document.ts';
import type { AnsibleError, AnsibleFinding, AnsibleInspection, Found } from './finding.ts';
import { type Inventory, readIni, readYamlInventory } from './inventory.ts';
import {
  dataDestroyed,
  openNetwork,
  secretLogged,
  unpinnedVersion,
  unverifiedDownload,
  worldWritable,
} from './modules.ts';
import { type Playbook, readPlaybook, type Task } from './playbook.ts';

const TASK_RULES: readonly ((task: Task) => Found[])[] = [
  dataDestroyed,
  destructiveCommand,
  remoteScript,
  unverifiedDownload,
  worldWritable,
  openNetwork,
  secretLogged,
  unpinnedVersion,
  errorsIgnored,
  alwaysChanges,
  delegated,
];
const DESTROYS = new Set(['data_destroyed', 'destructive_command']);
const MAX_FINDINGS = 500;
const MAX_HOSTS = 200;
/** Characters; a playbook of this size is generated, and not for reading. */
const MAX_CHARACTERS = 1_000_000;

type Placed = Found & { subject: string };

/** A host that a task goes to by itself, or names in the command it runs. */
function delegated(task: Task): Found[] {
  const to = get(task.value, 'delegate_to');
  const command = commandOf(task);
  const inCommand = command?.text.split(/[\s'"=]+/).flatMap((word) => targetFound(word, command.at)) ?? [];
  const forbidden = inCommand.filter((found) => found.rule === 'forbidden_target').slice(0, 1);
  return [...(to ? targetFound(textOf(to), to.at) : []), ...forbidden];
}

function becomesRoot(playbook: Playbook): Placed[] {
  const seen = new Set<string>();
  return playbook.tasks.flatMap(({ becomes, name, play }) => {
    const key = becomes ? `${becomes.at.line}:${becomes.at.column}` : '';
    if (!becomes || seen.has(key)) return [];
    seen.add(key);
    const whole = play?.becomes?.at === becomes.at;
    return [
      {
        rule: 'becomes_root' as const,
        severity: 'info' as const,
        title: whole ? 'The whole play runs as root' : 'It runs as root',
        body: 'A mistake here has no limit on the host.',
        at: becomes.at,
        quote: 'become: true',
        remedy: 'Become root for the tasks that need it, or another user.',
        subject: whole ? play.name : name,
      },
    ];
  });
}

const level = (destroys: number, changes: number): AnsibleInspection['blast_radius']['level'] =>
  destroys > 0 ? 'high' : changes === 0 ? 'none' : changes > 10 ? 'medium' : 'low';

/** Severest first, then by place. */
function ordered(findings: Placed[]): AnsibleFinding[] {
  return findings
    .map(({ at, subject, ...found }) => ({ ...found, ...at, subject: subject.slice(0, 300) }))
    .sort(
      (a, b) => severityRank(b.severity) - severityRank(a.severity) || a.line - b.line || a.column - b.column,
    );
}

const outcome = (
  kind: AnsibleInspection['kind'],
  counts: AnsibleInspection['counts'],
  blast_radius: AnsibleInspection['blast_radius'],
  found: Placed[],
): AnsibleInspection => {
  const findings = ordered(found);
  return {
    kind,
    counts,
    blast_radius: { ...blast_radius, hosts: [...new Set(blast_radius.hosts)].slice(0, MAX_HOSTS) },
    score: scoreOf(findings),
    findings: findings.slice(0, MAX_FINDINGS),
    findings_left_off: Math.max(0, findings.length - MAX_FINDINGS),
  };
};

function ofPlaybook(playbook: Playbook, kind: 'playbook' | 'tasks', secrets: Found[]): AnsibleInspection {
  const { plays, tasks } = playbook;
  const subjectAt = (line: number): string => tasks.findLast((task) => task.at.line <= line)?.name ?? '';
  const found: Placed[] = [
    ...plays.flatMap((play) =>
      play.hosts
        .flatMap(({ pattern, at }) => targetFound(pattern, at))
        .map((f) => ({ ...f, subject: play.name })),
    ),
    ...tasks.flatMap((task) =>
      TASK_RULES.flatMap((rule) => rule(task)).map((f) => ({ ...f, subject: task.name })),
    ),
    ...becomesRoot(playbook),
    ...secrets.map((f) => ({ ...f, subject: subjectAt(f.at.line) })),
  ];
  const destroys = new Set(found.filter((f) => DESTROYS.has(f.rule)).map((f) => `${f.subject}:${f.at.line}`))
    .size;
  const counts = {
    plays: plays.length,
    tasks: tasks.filter((task) => !task.handler).length,
    handlers: tasks.filter((task) => task.handler).length,
    hosts: 0,
    groups: 0,
  };
  const hosts = plays.flatMap((play) => play.hosts.map(({ pattern }) => pattern));
  const privileged = tasks.filter((task) => task.becomes !== null).length;
  return outcome(kind, counts, { hosts, destroys, privileged, level: level(destroys, tasks.length) }, found);
}

const ofInventory = ({ hosts, groups, findings }: Inventory): AnsibleInspection =>
  outcome(
    'inventory',
    { plays: 0, tasks: 0, handlers: 0, hosts: hosts.length, groups },
    { hosts: hosts.map(({ name }) => name), destroys: 0, privileged: 0, level: 'none' },
    findings,
  );

/**
 * SBX-1: judges a playbook, a file of tasks, or an inventory (INI or YAML) without running anything. Each finding has its line and
 * column. Never throws; what is none of these is an error with the reason.
 */
export function inspectAnsible(text: string): Result<AnsibleInspection, AnsibleError> {
  if (text.length > MAX_CHARACTERS)
    return err({ code: 'malformed', message: `It is longer than ${MAX_CHARACTERS} characters.` });
  const ini = /^\s*\[[\w.:-]+\]\s*$/m.test(text) ? readIni(text) : null;
  if (ini) return ok(ofInventory(ini));
  const documents = readYaml(text);
  if (!documents.ok) return documents;
  const [root] = documents.value;
  const playbook = root && readPlaybook(root);
  if (playbook) return ok(ofPlaybook(playbook, playbook.kind, clearSecrets(root)));
  const inventory = root && readYamlInventory(root);
  if (inventory) return ok(ofInventory(inventory));
  return err({
    code: 'not_ansible',
    message: 'It is neither a playbook, nor a list of tasks, nor an inventory.',
  });
}
