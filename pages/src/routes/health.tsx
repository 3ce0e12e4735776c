export { HealthPage as default } from '../views/health/health-page.tsx';
