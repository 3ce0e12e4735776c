import { get, isTrue, textOf } from './document.ts';
import type { Found } from './finding.ts';
import { argument, type Task } from './playbook.ts';

/** Modules that run what they are given. */
const RUNNERS = new Set(['shell', 'command', 'raw', 'script', 'win_shell', 'win_command']);

/** What cannot be taken back, as it stands in commands. Each pattern is linear. */
const DESTRUCTIVE: readonly { pattern: RegExp; what: string }[] = [
  { pattern: /\brm\s+(-\w*[rR]\w*|--recursive)\s[^\n|;&]*/, what: 'removes a directory tree' },
  { pattern: /\b(mkfs(\.\w+)?|wipefs|shred)\s[^\n|;&]*/, what: 'overwrites a file system' },
  { pattern: /\bdd\s[^\n|;&]*\bof=\/dev\/\S+/, what: 'writes over a device' },
  {
    pattern: /\b(drop\s+(database|table|schema)|truncate\s+table)\b[^\n;]*/i,
    what: 'destroys database contents',
  },
  { pattern: /\bterraform\s+[^\n|;&]*\bdestroy\b/, what: 'destroys infrastructure' },
  { pattern: /\bkubectl\s+[^\n|;&]*\bdelete\b[^\n|;&]*/, what: 'deletes cluster objects' },
  {
    pattern: /\b(aws|gcloud|az)\s[^\n|;&]*\b(delete|terminate|purge)[\w-]*[^\n|;&]*/,
    what: 'deletes cloud resources',
  },
];
const REMOTE_SCRIPT = /\b(curl|wget)\b[^\n|]*\|\s*(sudo\s+)?(ba|z|da|k)?sh\b/;

/** The text that a task runs; null when it runs none. */
export function commandOf(task: Task): { text: string; at: Task['at'] } | null {
  if (!RUNNERS.has(task.module)) return null;
  return argument(task, 'cmd', '_raw_params') ?? { text: textOf(task.args), at: task.args.at };
}

const first = (text: string): string => text.trim().slice(0, 300);

export function destructiveCommand(task: Task): Found[] {
  const command = commandOf(task);
  if (!command) return [];
  return DESTRUCTIVE.flatMap(({ pattern, what }) => {
    const match = pattern.exec(command.text);
    return match
      ? [
          {
            rule: 'destructive_command' as const,
            severity: 'high' as const,
            title: `A command ${what}`,
            body: 'What it removes cannot be brought back by the playbook, and a wrong variable widens it.',
            at: command.at,
            quote: first(match[0]),
            remedy: 'Use a module with a bounded target, take a backup before, and guard it with `when`.',
          },
        ]
      : [];
  });
}

export function remoteScript(task: Task): Found[] {
  const command = commandOf(task);
  const match = command && REMOTE_SCRIPT.exec(command.text);
  if (!match) return [];
  return [
    {
      rule: 'remote_script',
      severity: 'high',
      title: 'A script from the network is run as it comes',
      body: 'Whoever controls the address, or the line to it, runs commands on every host of the play.',
      at: command.at,
      quote: first(match[0]),
      remedy: 'Download it with a checksum, review it, and keep it beside the playbook.',
    },
  ];
}

const CONDITIONS = ['creates', 'removes'];

export function alwaysChanges(task: Task): Found[] {
  const command = commandOf(task);
  if (!command || task.handler) return [];
  const guarded = CONDITIONS.some((name) => argument(task, name) !== null);
  if (guarded || get(task.value, 'changed_when') !== undefined || get(task.value, 'when') !== undefined)
    return [];
  return [
    {
      rule: 'always_changes',
      severity: 'low',
      title: 'A command that runs every time',
      body: 'Nothing says when it is done, so a second run of the playbook runs it again.',
      at: command.at,
      quote: first(command.text),
      remedy: 'Give `creates`, `removes`, `changed_when` or `when`, or use a module.',
    },
  ];
}

export function errorsIgnored(task: Task): Found[] {
  const value = get(task.value, 'ignore_errors');
  if (!value || !isTrue(value)) return [];
  return [
    {
      rule: 'errors_ignored',
      severity: 'low',
      title: 'Errors of this task are ignored',
      body: 'The play goes on as if it had worked.',
      at: value.at,
      quote: 'ignore_errors: true',
      remedy: 'Name the error that is expected with `failed_when`.',
    },
  ];
}
