import { Toasty } from '@cloudflare/kumo/components/toast';
import { CSPProvider } from '@cloudflare/kumo/primitives/csp-provider';
import { lazy, type ReactNode, useEffect } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { IncidentsProvider } from './api/incidents.tsx';
import { LivePipelinesProvider } from './api/live-pipelines.tsx';
import { NamesProvider } from './api/names.tsx';
import { SessionProvider, useSession } from './api/session.tsx';
import { AppShell } from './components/app-shell.tsx';
import { ClockProvider } from './components/clock.tsx';
import { FailureBanner } from './components/failure.tsx';
import { Late } from './components/late.tsx';
import { Loading, Skeleton } from './components/skeleton.tsx';
import { NotFoundRoute } from './routes/not-found.tsx';
import { SignInRoute } from './routes/sign-in.tsx';

/** Each is loaded when it is first needed, which keeps the first load small (UI-2). */
const AccessRoute = lazy(() => import('./routes/access.tsx'));
const AgentsRoute = lazy(() => import('./routes/agents.tsx'));
const ApprovalsRoute = lazy(() => import('./routes/approvals.tsx'));
const FrontedRoute = lazy(() => import('./routes/fronted.tsx'));
const HealthRoute = lazy(() => import('./routes/health.tsx'));
const IncidentRoute = lazy(() => import('./routes/incident.tsx'));
const LedgerRoute = lazy(() => import('./routes/ledger.tsx'));
const PipelineRoute = lazy(() => import('./routes/pipeline.tsx'));
const PipelinesRoute = lazy(() => import('./routes/pipelines.tsx'));
const PlatformRoute = lazy(() => import('./routes/platform.tsx'));
const PoliciesRoute = lazy(() => import('./routes/policies.tsx'));
const QuotasRoute = lazy(() => import('./routes/quotas.tsx'));
const PromotionsRoute = lazy(() => import('./routes/promotions.tsx'));
const StopsRoute = lazy(() => import('./routes/stops.tsx'));
const VerifyRoute = lazy(() => import('./routes/verify.tsx'));
const ViolationsRoute = lazy(() => import('./routes/violations.tsx'));
const WitnessesRoute = lazy(() => import('./routes/witnesses.tsx'));

/** Shows its children to who is signed in, and the sign-in page, which leads back here, to everybody else. */
function SignedIn({ children }: { children: ReactNode }) {
  const { session, refresh } = useSession();
  const [path] = useLocation();
  switch (session.phase) {
    case 'loading':
      return (
        <div className="mx-auto max-w-7xl p-6">
          <Loading what="the dashboard">
            <Skeleton className="mb-6 h-10" />
            <Skeleton className="h-80" />
          </Loading>
        </div>
      );
    case 'failed':
      return (
        <main className="mx-auto max-w-xl p-6">
          <h1 className="mb-4 text-xl font-semibold">The dashboard cannot start</h1>
          <FailureBanner failure={session.failure} onRetry={() => void refresh()} />
        </main>
      );
    case 'out':
      return <Redirect to={path === '/' ? '/signin' : `/signin?next=${encodeURIComponent(path)}`} />;
    case 'in':
      return (
        <LivePipelinesProvider>
          <IncidentsProvider>
            <NamesProvider>
              <AppShell>{children}</AppShell>
            </NamesProvider>
          </IncidentsProvider>
        </LivePipelinesProvider>
      );
  }
}

/** A new page starts at its top, also for those who hear it instead of seeing it. */
function FocusOnNavigation() {
  const [path] = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs once per path.
  useEffect(() => {
    scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [path]);
  return null;
}

/** Another address begins anew, also after a page that could not be shown. */
function Pages() {
  const [path] = useLocation();
  return (
    <Late key={path} what="the page">
      <Switch>
        <Route path="/" component={PipelinesRoute} />
        <Route path="/pipelines/:id">{({ id }) => <PipelineRoute key={id} id={id} />}</Route>
        <Route path="/incidents/:id">{({ id }) => <IncidentRoute key={id} id={id} />}</Route>
        <Route path="/approvals" component={ApprovalsRoute} />
        <Route path="/agents" component={AgentsRoute} />
        <Route path="/access" component={AccessRoute} />
        <Route path="/violations" component={ViolationsRoute} />
        <Route path="/promotions" component={PromotionsRoute} />
        <Route path="/policies" component={PoliciesRoute} />
        <Route path="/quotas" component={QuotasRoute} />
        <Route path="/stops" component={StopsRoute} />
        <Route path="/mcp-servers" component={FrontedRoute} />
        <Route path="/ledger" component={LedgerRoute} />
        <Route path="/witnesses" component={WitnessesRoute} />
        <Route path="/verify" component={VerifyRoute} />
        <Route path="/health" component={HealthRoute} />
        <Route component={NotFoundRoute} />
      </Switch>
    </Late>
  );
}

export function App() {
  return (
    // SEC-1: the CSP allows no inline style; what these elements would say stands in styles.css.
    <CSPProvider disableStyleElements>
      <SessionProvider>
        <ClockProvider>
          <Toasty>
            <FocusOnNavigation />
            <Switch>
              <Route path="/signin" component={SignInRoute} />
              <Route path="/platform/*?">
                <Late what="the platform">
                  <PlatformRoute />
                </Late>
              </Route>
              <Route>
                <SignedIn>
                  <Pages />
                </SignedIn>
              </Route>
            </Switch>
          </Toasty>
        </ClockProvider>
      </SessionProvider>
    </CSPProvider>
  );
}
