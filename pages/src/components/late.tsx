import { Component, type ReactNode, Suspense } from 'react';
import { FailureBanner } from './failure.tsx';
import { Loading } from './skeleton.tsx';

interface Props {
  /** What is being fetched, as in "Loading the page…". */
  what: string;
  children: ReactNode;
}

/** After a deploy the files of the version before are gone, and a line can be down: both leave a part of the page out, not all of it. */
class Unfetched extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <FailureBanner
        failure={{
          title: `Something went wrong with ${this.props.what}`,
          detail:
            'It could not be fetched or shown. The page may be of an older version than the server: load it again.',
          status: null,
          trace: null,
        }}
        onRetry={() => location.reload()}
      />
    );
  }
}

/** UI-2: a part that is fetched when it is first needed, with what stands there until it has come, or where it does not come. */
export const Late = ({ what, children }: Props) => (
  <Unfetched what={what}>
    <Suspense fallback={<Loading what={what} />}>{children}</Suspense>
  </Unfetched>
);
