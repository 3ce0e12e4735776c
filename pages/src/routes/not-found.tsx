import { Empty } from '@cloudflare/kumo/components/empty';
import { CompassIcon } from '@phosphor-icons/react';
import { Link } from 'wouter';
import { useTitle } from '../components/use-title.ts';

export function NotFoundRoute() {
  useTitle('Not found');
  return (
    <>
      <h1 className="sr-only">Not found</h1>
      <Empty
        className="text-center"
        icon={<CompassIcon size={48} aria-hidden="true" />}
        title="There is nothing at this address"
        description="It may have been mistyped, or belong to another tenant."
        contents={
          <Link href="/" className="font-medium text-kumo-link underline">
            Go to the pipelines
          </Link>
        }
      />
    </>
  );
}
