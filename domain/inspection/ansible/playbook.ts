import { get, isTrue, textOf, type Value } from './document.ts';
import type { Position } from './finding.ts';

export interface Play {
  name: string;
  at: Position;
  hosts: { pattern: string; at: Position }[];
  becomes: { at: Position } | null;
  value: Value;
}

export interface Task {
  name: string;
  at: Position;
  play: Play | null;
  handler: boolean;
  /** Without its collection: `ansible.builtin.shell` is `shell`. */
  module: string;
  /** Its arguments; free-form ones as text. */
  args: Value;
  becomes: { at: Position } | null;
  value: Value;
}

/** Keywords of tasks, blocks and their loops; whatever else a task has is its module. */
const KEYWORDS = new Set(
  `action any_errors_fatal args async become become_exe become_flags become_method become_user block changed_when check_mode
  collections connection debugger delay delegate_facts delegate_to diff environment failed_when ignore_errors ignore_unreachable
  listen local_action loop loop_control module_defaults name no_log notify poll port register remote_user rescue always retries
  run_once tags throttle timeout until vars when hosts gather_facts roles`.split(/\s+/),
);
const SECTIONS = ['pre_tasks', 'tasks', 'post_tasks', 'handlers'] as const;

const itemsOf = (value: Value | undefined): Value[] => (value?.kind === 'list' ? value.items : []);

/** Host patterns may be lists, or joined by commas and colons; what is excluded or intersected is no target. */
function hostsOf(value: Value | undefined): Play['hosts'] {
  const texts = value?.kind === 'list' ? value.items : value ? [value] : [];
  return texts.flatMap((item) =>
    textOf(item)
      .split(/[,:;]/)
      .map((part) => part.trim())
      .filter((part) => part !== '' && !part.startsWith('!') && !part.startsWith('&'))
      .map((pattern) => ({ pattern, at: item.at })),
  );
}

function becoming(value: Value, inherited: { at: Position } | null): { at: Position } | null {
  const become = get(value, 'become');
  const user = textOf(get(value, 'become_user'));
  if (become === undefined) return inherited;
  return isTrue(become) && (user === '' || user === 'root') ? { at: become.at } : null;
}

function taskOf(
  value: Value,
  play: Play | null,
  handler: boolean,
  inherited: { at: Position } | null,
): Task[] {
  if (value.kind !== 'map') return [];
  const becomes = becoming(value, inherited);
  const blocks = ['block', 'rescue', 'always'].flatMap((part) => itemsOf(get(value, part)));
  if (blocks.length > 0) return blocks.flatMap((inner) => taskOf(inner, play, handler, becomes));
  const called = [...value.entries].find(([key]) => !KEYWORDS.has(key) && !key.startsWith('with_'));
  const action = get(value, 'action') ?? get(value, 'local_action');
  const [word = '', ...rest] = textOf(action).split(/\s+/);
  const module = (called?.[0] ?? word).split('.').at(-1) ?? '';
  if (module === '') return [];
  const args: Value = called?.[1].value ?? {
    kind: 'scalar',
    at: action?.at ?? value.at,
    value: rest.join(' '),
    vaulted: false,
  };
  return [
    { name: textOf(get(value, 'name')) || module, at: value.at, play, handler, module, args, becomes, value },
  ];
}

export interface Playbook {
  plays: Play[];
  tasks: Task[];
}

const looksLikePlay = (value: Value): boolean =>
  ['hosts', 'import_playbook', 'ansible.builtin.import_playbook'].some(
    (key) => get(value, key) !== undefined,
  );

/** Null: it is neither a playbook nor a list of tasks. */
export function readPlaybook(root: Value): (Playbook & { kind: 'playbook' | 'tasks' }) | null {
  if (root.kind !== 'list' || root.items.length === 0) return null;
  if (root.items.every(looksLikePlay)) {
    const plays = root.items.map((value): Play => {
      const name = textOf(get(value, 'name'));
      return {
        name,
        at: value.at,
        hosts: hostsOf(get(value, 'hosts')),
        becomes: becoming(value, null),
        value,
      };
    });
    const tasks = plays.flatMap((play) =>
      SECTIONS.flatMap((section) =>
        itemsOf(get(play.value, section)).flatMap((task) =>
          taskOf(task, play, section === 'handlers', play.becomes),
        ),
      ),
    );
    return { kind: 'playbook', plays, tasks };
  }
  const tasks = root.items.flatMap((task) => taskOf(task, null, false, null));
  return tasks.length > 0 && tasks.length >= root.items.length ? { kind: 'tasks', plays: [], tasks } : null;
}

/** One argument of a task, from its map or from `key=value` in its text. */
export function argument(task: Task, ...names: string[]): { text: string; at: Position } | null {
  for (const name of names) {
    const value = get(task.args, name) ?? get(get(task.value, 'args'), name);
    if (value) return { text: textOf(value), at: value.at };
    const inline = new RegExp(`(?:^|\\s)${name}=("[^"]*"|'[^']*'|\\S+)`).exec(textOf(task.args));
    if (inline?.[1]) return { text: inline[1].replace(/^["']|["']$/g, ''), at: task.args.at };
  }
  return null;
}
