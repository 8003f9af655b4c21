# Retraining on Vertex AI: where its data and runs lie, and what its job may do. It brings candidates to the
# model registry and reads there what serves; what serves it cannot change, so a person has to. The team
# has no part in it: the photos that people shared are for whoever applies this.

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
