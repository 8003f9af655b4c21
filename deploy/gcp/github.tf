# The pipelines on GitHub, without keys: GitHub says which repository and which environment a job runs in, and
# each environment is one service account. So who approves an environment there decides here, too.

locals {
  # Service accounts by the environment of GitHub's whose jobs may be them.
  github_accounts = var.github_repository == null ? {} : {
    images     = "deepskin-images"
    production = "deepskin-deploy"
    evaluation = "deepskin-evaluation"
  }
  github = toset(var.github_repository == null ? [] : ["github"])
}

resource "google_iam_workload_identity_pool" "github" {
  count                     = length(local.github)
  workload_identity_pool_id = "github"
  display_name              = "GitHub"
  depends_on                = [google_project_service.apis]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  count                              = length(local.github)
  workload_identity_pool_id          = google_iam_workload_identity_pool.github[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_mapping = {
    "google.subject" = "assertion.sub"
  }
  attribute_condition = "assertion.repository == '${var.github_repository}'"
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "github" {
  for_each     = local.github_accounts
  account_id   = each.value
  display_name = "GitHub's environment ${each.key}"
  depends_on   = [google_project_service.apis]
}

resource "google_service_account_iam_member" "github" {
  for_each           = local.github_accounts
  service_account_id = google_service_account.github[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github[0].name}/subject/repo:${var.github_repository}:environment:${each.key}"
}

resource "google_artifact_registry_repository_iam_member" "github" {
  for_each   = local.github
  repository = google_artifact_registry_repository.images.name
  location   = google_artifact_registry_repository.images.location
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.github["images"].member
}

# To deploy is to change what runs, to read the image, and to have it run as the bot and as the workers.

resource "google_project_iam_member" "github" {
  for_each = local.github
  project  = var.project
  role     = "roles/run.developer"
  member   = google_service_account.github["production"].member
}

resource "google_artifact_registry_repository_iam_member" "github_reads" {
  for_each   = local.github
  repository = google_artifact_registry_repository.images.name
  location   = google_artifact_registry_repository.images.location
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.github["production"].member
}

resource "google_service_account_iam_member" "github_runs_bot" {
  for_each           = local.github
  service_account_id = google_service_account.bot.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.github["production"].member
}

resource "google_service_account_iam_member" "github_runs_worker" {
  for_each           = local.github
  service_account_id = google_service_account.worker.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.github["production"].member
}
