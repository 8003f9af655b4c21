# Who may do what. The bot reads its secrets; a worker reads Redis' URL and the models; neither has
# any right on the project.

resource "google_service_account" "bot" {
  account_id   = "deepskin-bot"
  display_name = "DeepSkin's bot"
  depends_on   = [google_project_service.apis]
}

resource "google_service_account" "worker" {
  account_id   = "deepskin-worker"
  display_name = "DeepSkin's workers"
  depends_on   = [google_project_service.apis]
}

resource "google_secret_manager_secret_iam_member" "bot" {
  for_each  = local.secret_names
  secret_id = google_secret_manager_secret.all[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.bot.member
}

resource "google_secret_manager_secret_iam_member" "worker" {
  secret_id = google_secret_manager_secret.all["REDIS_URL"].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.worker.member
}

resource "google_storage_bucket_iam_member" "worker" {
  bucket = google_storage_bucket.models.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.worker.member
}

# The page is for everyone.
resource "google_cloud_run_v2_service_iam_member" "everyone" {
  name     = google_cloud_run_v2_service.bot.name
  location = google_cloud_run_v2_service.bot.location
  role     = "roles/run.invoker"
  member   = "allUsers"
}

# The team looks at everything but secrets and people's data, brings images and promotes models.
# What runs is changed by whoever applies this.

locals {
  team_roles = ["roles/logging.viewer", "roles/monitoring.viewer", "roles/run.viewer"]
  team_grants = {
    for pair in setproduct(var.team, local.team_roles) : "${pair[0]} ${pair[1]}" => { member = pair[0], role = pair[1] }
  }
}

resource "google_project_iam_member" "team" {
  for_each = local.team_grants
  project  = var.project
  role     = each.value.role
  member   = each.value.member
}

resource "google_artifact_registry_repository_iam_member" "team" {
  for_each   = var.team
  repository = google_artifact_registry_repository.images.name
  location   = google_artifact_registry_repository.images.location
  role       = "roles/artifactregistry.writer"
  member     = each.key
}

resource "google_storage_bucket_iam_member" "team" {
  for_each = var.team
  bucket   = google_storage_bucket.models.name
  role     = "roles/storage.objectUser"
  member   = each.key
}
