# The bot: the page and the chats. One instance always runs, and always has its CPU, since it asks
# Telegram for messages, holds Discord's gateway and waits for the workers' answers.
resource "google_cloud_run_v2_service" "bot" {
  name                = "bot"
  location            = var.region
  deletion_protection = var.deletion_protection
  template {
    service_account = google_service_account.bot.email
    scaling {
      min_instance_count = 1
      max_instance_count = 3
    }
    vpc_access {
      egress = "PRIVATE_RANGES_ONLY"
      network_interfaces {
        network    = google_compute_network.this.id
        subnetwork = google_compute_subnetwork.run.id
        tags       = ["bot"]
      }
    }
    containers {
      image = var.image
      args  = ["bot"]
      ports {
        container_port = 8080
      }
      resources {
        cpu_idle = false
        limits = {
          cpu    = "1"
          memory = "512Mi"
        }
      }
      env {
        name  = "DEEPSKIN_ADDR"
        value = ":8080"
      }
      env {
        name  = "DEEPSKIN_OPS_ADDR" # for the probes: Cloud Run lets nobody else reach it
        value = ":9090"
      }
      dynamic "env" {
        for_each = local.secret_names
        content {
          name = env.value
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.all[env.value].secret_id
              version = google_secret_manager_secret_version.all[env.value].version
            }
          }
        }
      }
      startup_probe {
        period_seconds    = 5
        timeout_seconds   = 4
        failure_threshold = 24
        http_get {
          path = "/readyz"
          port = 9090
        }
      }
      # A restart does not bring back a database, so only a bot that does not live is restarted.
      liveness_probe {
        http_get {
          path = "/healthz"
          port = 9090
        }
      }
    }
  }
  depends_on = [google_secret_manager_secret_iam_member.bot]
}

locals {
  gpu = var.gpu_image != null
  # Cloud Run wants at least 4 CPUs and 16 GiB beside an L4.
  worker_limits = local.gpu ? tomap({ cpu = "4", memory = "16Gi", "nvidia.com/gpu" = "1" }) : tomap({ cpu = "2", memory = "2Gi" })
}

# The workers: the model and nothing else. No token, no key, no database. All their traffic goes
# through the network, which has no way to the internet.
resource "google_cloud_run_v2_worker_pool" "worker" {
  name                = "worker"
  location            = var.region
  deletion_protection = var.deletion_protection
  scaling {
    manual_instance_count = var.workers
  }
  template {
    service_account               = google_service_account.worker.email
    gpu_zonal_redundancy_disabled = local.gpu ? true : null # photos wait for a minute: no need to pay for a second GPU
    dynamic "node_selector" {
      for_each = local.gpu ? ["nvidia-l4"] : []
      content {
        accelerator = node_selector.value
      }
    }
    vpc_access {
      egress = "ALL_TRAFFIC"
      network_interfaces {
        network    = google_compute_network.this.id
        subnetwork = google_compute_subnetwork.run.id
        tags       = ["worker"]
      }
    }
    volumes {
      name = "models"
      gcs {
        bucket    = google_storage_bucket.models.name
        read_only = true
      }
    }
    containers {
      image = local.gpu ? var.gpu_image : var.image
      args  = ["worker"]
      resources {
        limits = local.worker_limits
      }
      env {
        name  = "DEEPSKIN_OPS_ADDR"
        value = ":9090"
      }
      env {
        name  = "DEEPSKIN_PROVIDER"
        value = local.gpu ? "cuda" : "cpu"
      }
      env {
        name  = "DEEPSKIN_MODELS"
        value = "/models"
      }
      env {
        name = "REDIS_URL"
        value_source {
          secret_key_ref {
            secret  = google_secret_manager_secret.all["REDIS_URL"].secret_id
            version = google_secret_manager_secret_version.all["REDIS_URL"].version
          }
        }
      }
      volume_mounts {
        name       = "models"
        mount_path = "/models"
      }
      startup_probe {
        period_seconds    = 5
        timeout_seconds   = 4
        failure_threshold = 24
        http_get {
          path = "/readyz"
          port = 9090
        }
      }
      liveness_probe {
        http_get {
          path = "/healthz"
          port = 9090
        }
      }
    }
  }
  depends_on = [
    google_secret_manager_secret_iam_member.worker,
    google_storage_bucket_iam_member.worker,
  ]
}
