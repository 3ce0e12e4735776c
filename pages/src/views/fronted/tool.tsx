import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import type { McpTool } from '#client/index.ts';
import type { DiffPiece } from '#domain/governance/description-diff.ts';
import { useCaller } from '../../api/session.tsx';
import { Ago } from '../../components/clock.tsx';
import { Raw } from '../../components/scroll-region.tsx';
import { actorName } from '../../models/actor.ts';
import { TOOL_STATES, toolText } from '../../models/fronted.ts';

const BADGE = {
  changed: 'error',
  new: 'warning',
  refused: 'secondary',
  pinned: 'success',
  gone: 'secondary',
} as const satisfies Record<McpTool['state'], string>;

/** Words that came and went; said aloud too, because a colour and a line are not. */
function Diff({ pieces }: { pieces: readonly DiffPiece[] }) {
  return pieces.map(({ kind, text }, i) => {
    const key = `${kind}-${i}`;
    if (kind === 'same') return <span key={key}>{text}</span>;
    const Tag = kind === 'added' ? 'ins' : 'del';
    return (
      <Tag
        key={key}
        className={
          kind === 'added' ? 'bg-kumo-success-tint no-underline' : 'bg-kumo-danger-tint line-through'
        }
      >
        <span className="sr-only">{kind === 'added' ? ' added: ' : ' removed: '}</span>
        {text}
      </Tag>
    );
  });
}

interface Props {
  tool: McpTool;
  onPin: (() => void) | null;
  onRefuse: (() => void) | null;
}

/** GOV-9: one tool of a fronted server: what it says now, what somebody vouched for, and the word of a person. */
export function Tool({ tool: t, onPin, onRefuse }: Props) {
  const caller = useCaller();
  const { description, schema, against } = toolText(t);
  return (
    <li className="border-t border-kumo-line px-4 py-3">
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="min-w-0 font-mono text-sm font-semibold break-all">{t.tool}</h3>
        <Badge variant={BADGE[t.state]}>{TOOL_STATES[t.state]}</Badge>
      </div>
      <p className="mt-2 break-words whitespace-pre-wrap">
        <Diff pieces={description} />
      </p>
      <details className="mt-1">
        <summary className="min-h-6 text-sm text-kumo-link">Its arguments</summary>
        <Raw label={`Arguments of ${t.tool}`} className="mt-2 max-h-72 bg-kumo-recessed">
          <Diff pieces={schema} />
        </Raw>
      </details>
      {t.state === 'changed' && against === null && (
        <p className="mt-1 text-sm text-kumo-warning">The text that was pinned was not kept.</p>
      )}
      <dl className="mt-2 grid gap-x-3 text-sm text-kumo-subtle sm:grid-cols-[auto_1fr]">
        <dt>Says of itself</dt>
        <dd className="font-mono text-xs break-all">
          {t.sha256} <Ago at={t.observed_at} />
        </dd>
        {t.pinned && (
          <>
            <dt>Pinned</dt>
            <dd className="break-all">
              <span className="font-mono text-xs">{t.pinned.sha256}</span> by {actorName(t.pinned.by, caller)}{' '}
              <Ago at={t.pinned.at} />: tier {t.pinned.min_tier},{' '}
              {t.pinned.acts ? `acts on ${t.pinned.target || 'nothing'}` : 'reads'}, {t.pinned.effect}
              {t.pinned.irreversible && ', irreversible'}
            </dd>
          </>
        )}
        {t.state === 'refused' && t.refused && (
          <>
            <dt>Refused</dt>
            <dd className="break-words">
              by {actorName(t.refused.by, caller)} <Ago at={t.refused.at} />: {t.refused.reason}
            </dd>
          </>
        )}
      </dl>
      {(onPin || onRefuse) && (
        <div className="mt-3 flex flex-wrap gap-2">
          {onPin && (
            <Button size="sm" onClick={onPin} aria-label={`Pin ${t.tool}`}>
              Pin…
            </Button>
          )}
          {onRefuse && (
            <Button
              size="sm"
              variant="secondary-destructive"
              onClick={onRefuse}
              aria-label={`Refuse ${t.tool}`}
            >
              Refuse…
            </Button>
          )}
        </div>
      )}
    </li>
  );
}
