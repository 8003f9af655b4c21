# Secrets, named as the settings that they are for.

resource "random_bytes" "identity_key" {
  length = 32
}

resource "random_bytes" "address_key" {
  length = 32
}

locals {
  secrets = {
    REDIS_URL             = "redis://:${google_redis_instance.queue.auth_string}@${google_redis_instance.queue.host}:${google_redis_instance.queue.port}/0"
    DATABASE_URL          = "postgres://${google_sql_user.bot.name}:${random_password.database.result}@${google_sql_database_instance.store.private_ip_address}:5432/${google_sql_database.store.name}?sslmode=require"
    DEEPSKIN_IDENTITY_KEY = random_bytes.identity_key.base64
    DEEPSKIN_ADDRESS_KEY  = random_bytes.address_key.base64
    TELEGRAM_TOKEN        = var.telegram_token
    DISCORD_TOKEN         = var.discord_token
  }
  # A chat without its token is off. That there is a token is no secret.
  secret_names = toset(concat(
    ["REDIS_URL", "DATABASE_URL", "DEEPSKIN_IDENTITY_KEY", "DEEPSKIN_ADDRESS_KEY"],
    nonsensitive(var.telegram_token != "") ? ["TELEGRAM_TOKEN"] : [],
    nonsensitive(var.discord_token != "") ? ["DISCORD_TOKEN"] : [],
  ))
}

resource "google_secret_manager_secret" "all" {
  for_each  = local.secret_names
  secret_id = each.key
  replication {
    auto {}
  }
  depends_on = [google_project_service.apis]
}

resource "google_secret_manager_secret_version" "all" {
  for_each    = local.secret_names
  secret      = google_secret_manager_secret.all[each.key].id
  secret_data = local.secrets[each.key]
}
