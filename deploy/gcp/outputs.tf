output "page" {
  description = "Address of the web page."
  value       = google_cloud_run_v2_service.bot.uri
}

output "images" {
  description = "Where images are pushed to."
  value       = "${google_artifact_registry_repository.images.location}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "models" {
  description = "The bucket of the model registry."
  value       = google_storage_bucket.models.url
}

output "github_identity_provider" {
  description = "What the variable GOOGLE_IDENTITY_PROVIDER of the GitHub repository has to be."
  value       = one(google_iam_workload_identity_pool_provider.github[*].name)
}
