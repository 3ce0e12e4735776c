export { WitnessesPage as default } from '../views/witnesses/witnesses-page.tsx';
