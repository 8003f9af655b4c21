# Retraining on Vertex AI: where its data and runs lie, and what its job may do. It brings candidates to the
# model registry and reads there what serves; what serves it cannot change, so a person has to.

resource "google_storage_bucket" "training" {
  name                        = "${var.project}-training"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  soft_delete_policy {
    retention_duration_seconds = 0 # a photo whose sender took it back is gone when it is removed
  }
  depends_on = [google_project_service.apis]
}

resource "google_service_account" "training" {
  account_id   = "deepskin-training"
  display_name = "DeepSkin's training"
  depends_on   = [google_project_service.apis]
}

resource "google_storage_bucket_iam_member" "training_data" {
  bucket = google_storage_bucket.training.name
  role   = "roles/storage.objectUser"
  member = google_service_account.training.member
}

resource "google_storage_bucket_iam_member" "training_reads_models" {
  bucket = google_storage_bucket.models.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.training.member
}

resource "google_storage_bucket_iam_member" "training_adds_models" {
  bucket = google_storage_bucket.models.name
  role   = "roles/storage.objectUser"
  member = google_service_account.training.member
  condition {
    title      = "all but what serves"
    expression = "!resource.name.endsWith(\"/objects/current.json\")"
  }
}

# The team starts jobs and looks at them, and brings data.

resource "google_project_iam_member" "team_trains" {
  for_each = var.team
  project  = var.project
  role     = "roles/aiplatform.user"
  member   = each.key
}

resource "google_service_account_iam_member" "team_trains" {
  for_each           = var.team
  service_account_id = google_service_account.training.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.key
}

resource "google_storage_bucket_iam_member" "team_training" {
  for_each = var.team
  bucket   = google_storage_bucket.training.name
  role     = "roles/storage.objectUser"
  member   = each.key
}
