import { usageError } from '../exit.ts';
import { defineVerb, type Verb } from '../verb.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const GLOBAL_FLAGS = ['--json', '--profile', '--no-color', '--help'];

/** Words that may follow each sequence of words, and each verb's flags. */
function words(verbs: readonly Verb[]): Map<string, Set<string>> {
  const next = new Map<string, Set<string>>();
  const add = (after: string, word: string) => next.set(after, (next.get(after) ?? new Set()).add(word));
  for (const verb of verbs) {
    verb.path.forEach((word, at) => {
      add(verb.path.slice(0, at).join(' '), word);
    });
    const flags = Object.values(verb.options).flatMap((spec) => spec.option().long ?? []);
    for (const flag of [...flags, ...GLOBAL_FLAGS]) add(verb.path.join(' '), flag);
  }
  for (const shell of SHELLS) add('completion', shell);
  return next;
}

const cases = (verbs: readonly Verb[]): string =>
  [...words(verbs)]
    .map(([after, next]) => `    ${JSON.stringify(after)}) next="${[...next].join(' ')}" ;;`)
    .join('\n');

/** What may follow a sequence of words, as a function that both shells understand. */
const nextWords = (verbs: readonly Verb[]): string => `_ags_next() {
  case "$1" in
${cases(verbs)}
    *) next="${GLOBAL_FLAGS.join(' ')}" ;;
  esac
}`;

/** Arguments and values of options are no words of a verb: only what may follow makes the path longer. */
const walk = (words: string): string => `  local known="" next="" word
  _ags_next ""
  for word in ${words}; do
    case "$word" in -*) continue ;; esac
    case " $next " in *" $word "*) known="\${known:+$known }$word"; _ags_next "$known" ;; esac
  done`;

const SCRIPTS: Record<Shell, (verbs: readonly Verb[]) => string> = {
  bash: (verbs) => `# ags completion bash > ~/.local/share/bash-completion/completions/ags
${nextWords(verbs)}
_ags() {
${walk(`"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _ags ags`,
  zsh: (verbs) => `#compdef ags
# ags completion zsh > "\${fpath[1]}/_ags"
${nextWords(verbs)}
_ags() {
${walk(`"\${words[@]:1:$((CURRENT - 2))}"`)}
  compadd -- \${=next}
  _files
}
# Loaded from fpath it is asked at once; sourced, it is only made known.
if [ "\${funcstack[1]}" = _ags ]; then _ags "$@"; else compdef _ags ags; fi`,
  fish: (verbs) => {
    const lines = [...words(verbs)].flatMap(([after, next]) =>
      [...next].map((word) => {
        const condition = after === '' ? '__fish_use_subcommand' : `__ags_after ${after}`;
        const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`;
        return `complete -c ags -n '${condition}' ${what}`;
      }),
    );
    return `# ags completion fish > ~/.config/fish/completions/ags.fish
function __ags_after
  set -l said (string match -v -- '-*' (commandline -opc)[2..])
  test "$said" = "$argv"
end
${lines.join('\n')}`;
  },
};

/** `verbs` is asked when the verb runs: the list includes this verb itself. */
export const completionVerb = (verbs: () => readonly Verb[]): Verb =>
  defineVerb({
    path: ['completion'],
    summary: 'A completion script for your shell',
    arguments: [['<shell>', SHELLS.join(', ')]],
    examples: [
      'ags completion bash > ~/.local/share/bash-completion/completions/ags',
      'ags completion fish > ~/.config/fish/completions/ags.fish',
    ],
    async handler(context, [given]) {
      const shell = SHELLS.find((one) => one === given);
      if (!shell) throw usageError(`${JSON.stringify(given)} is not one of ${SHELLS.join(', ')}`);
      const script = SCRIPTS[shell](verbs());
      context.emit({ shell, script }, () => [script]);
    },
  });
