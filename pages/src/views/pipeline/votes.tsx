import { Badge } from '@cloudflare/kumo/components/badge';
import { MinusCircleIcon, ThumbsDownIcon, ThumbsUpIcon } from '@phosphor-icons/react';
import type { Vote } from '#contract/pipeline.ts';
import { Citations } from '../../components/citation.tsx';
import { ProseLine } from '../../components/prose.tsx';

const LOOK = {
  approve: { Icon: ThumbsUpIcon, color: 'text-kumo-success' },
  reject: { Icon: ThumbsDownIcon, color: 'text-kumo-danger' },
  abstain: { Icon: MinusCircleIcon, color: 'text-kumo-subtle' },
} as const;

interface Props {
  vote: Vote;
  /** The revision, where it is not the one above. */
  on?: number;
}

/** CONS-3: one seat's vote with its confidence and reason. */
export function VoteLine({ vote: v, on }: Props) {
  const { Icon, color } = LOOK[v.vote];
  return (
    <li className="flex gap-2 text-sm">
      <Icon size={18} weight="fill" className={`mt-px shrink-0 ${color}`} aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-1.5">
          <span className="font-medium">{v.seat}</span>
          <span className={`font-medium ${color}`}>{v.vote}</span>
          <span className="text-kumo-subtle tabular">
            {v.confidence} % sure{on !== undefined && ` · on revision ${on}`} · round {v.round}
          </span>
          {v.critical && <Badge variant="error">critical objection</Badge>}
        </p>
        <p className="break-words text-kumo-subtle">
          <ProseLine text={v.reason} />
        </p>
        {v.citations.length > 0 && (
          <div className="mt-1">
            <Citations citations={v.citations} show={3} />
          </div>
        )}
      </div>
    </li>
  );
}
