# What holds data: Redis, PostgreSQL and the model registry.

resource "google_redis_instance" "queue" {
  name               = "queue"
  region             = var.region
  redis_version      = "REDIS_7_2"
  tier               = var.high_availability ? "STANDARD_HA" : "BASIC"
  memory_size_gb     = 2
  connect_mode       = "PRIVATE_SERVICE_ACCESS"
  authorized_network = google_compute_network.this.id
  auth_enabled       = true
  redis_configs = {
    maxmemory-policy = "noeviction" # full, it must refuse what is new, never drop photos in silence
  }
  depends_on = [google_service_networking_connection.services]
}

resource "google_sql_database_instance" "store" {
  name                = "store"
  region              = var.region
  database_version    = "POSTGRES_17"
  deletion_protection = var.deletion_protection
  settings {
    edition           = "ENTERPRISE"
    tier              = "db-custom-1-3840"
    availability_type = var.high_availability ? "REGIONAL" : "ZONAL"
    disk_autoresize   = true
    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.this.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }
    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7
      backup_retention_settings {
        retained_backups = 7 # what people had deleted lives on in these
      }
    }
  }
  depends_on = [google_service_networking_connection.services]
}

resource "google_sql_database" "store" {
  name            = "deepskin"
  instance        = google_sql_database_instance.store.name
  deletion_policy = "ABANDON" # it goes with its instance, and cannot go before its tables' owner
}

resource "random_password" "database" {
  length  = 40
  special = false # it becomes part of a URL
}

resource "google_sql_user" "bot" {
  name            = "deepskin"
  instance        = google_sql_database_instance.store.name
  password        = random_password.database.result
  deletion_policy = "ABANDON" # likewise: PostgreSQL keeps who owns tables
}

resource "google_storage_bucket" "models" {
  name                        = "${var.project}-models"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  versioning {
    enabled = true
  }
  depends_on = [google_project_service.apis]
}
