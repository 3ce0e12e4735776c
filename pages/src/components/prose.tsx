import { type Block, blocksOf, type Span, spansOf } from '#domain/prose.ts';

function Spans({ spans }: { spans: Span[] }) {
  return spans.map(({ text, look }, i) => {
    const key = `${i} ${text}`;
    if (look === 'strong')
      return (
        <strong key={key} className="font-semibold">
          {text}
        </strong>
      );
    if (look === 'code')
      return (
        <code key={key} className="rounded bg-kumo-fill px-1 font-mono text-[0.92em] break-all">
          {text}
        </code>
      );
    return <span key={key}>{text}</span>;
  });
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case 'heading':
      return (
        <p className="font-semibold">
          <Spans spans={block.spans} />
        </p>
      );
    case 'quote':
      return (
        <blockquote className="border-l-4 border-kumo-line pl-3">
          <Spans spans={block.spans} />
        </blockquote>
      );
    case 'list': {
      const List = block.ordered ? 'ol' : 'ul';
      return (
        <List className={`space-y-1 pl-5 ${block.ordered ? 'list-decimal' : 'list-disc'}`}>
          {block.items.map((spans, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a text's items never reorder.
            <li key={i}>
              <Spans spans={spans} />
            </li>
          ))}
        </List>
      );
    }
    default:
      return (
        <p className="whitespace-pre-line">
          <Spans spans={block.spans} />
        </p>
      );
  }
}

/** What an agent or a plan's author wrote, as text with structure; never as HTML. */
export function Prose({ text }: { text: string }) {
  return (
    <div className="flex flex-col gap-2 break-words">
      {blocksOf(text).map((block, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text's blocks never reorder.
        <BlockView key={i} block={block} />
      ))}
    </div>
  );
}

/** One line of such text. */
export const ProseLine = ({ text }: { text: string }) => <Spans spans={spansOf(text)} />;
