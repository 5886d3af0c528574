// Which file of Google's it is: people have several, and all are JSON.
type Plain = Readonly<Record<string, unknown>>;

const FIX = ' (Firebase console, Project settings, Service accounts, Generate new private key)';

/** What it is in place of a service account, and the way to one; never a value. */
export function whatElse(file: Plain): string {
  if (file.apiKey !== undefined) return `: it is the configuration of a web app${FIX}`;
  if (file.project_info !== undefined) return `: it is the google-services.json of an app${FIX}`;
  if (file.web !== undefined || file.installed !== undefined) {
    return `: it is the client secret of a sign-in${FIX}`;
  }
  switch (file.type) {
    case 'authorized_user':
      return `: it is a person's own sign-in by gcloud${FIX}`;
    case 'external_account':
    case 'impersonated_service_account':
      return ': it is a configuration without a key: let GOOGLE_APPLICATION_CREDENTIALS name its file';
    default:
      return FIX;
  }
}
