resource "google_monitoring_notification_channel" "email" {
  display_name = "DeepSkin's operators"
  type         = "email"
  labels = {
    email_address = var.alert_email
  }
  depends_on = [google_project_service.apis]
}

resource "google_billing_budget" "this" {
  billing_account = var.billing_account
  display_name    = "DeepSkin"
  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }
  amount {
    specified_amount {
      units = tostring(floor(var.monthly_budget))
    }
  }
  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content {
      threshold_percent = threshold_rules.value
    }
  }
  all_updates_rule {
    monitoring_notification_channels = [google_monitoring_notification_channel.email.id]
  }
  depends_on = [google_project_service.apis]
}

resource "google_monitoring_uptime_check_config" "page" {
  display_name = "DeepSkin's page"
  timeout      = "10s"
  period       = "300s"
  http_check {
    path         = "/"
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }
  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      host       = trimprefix(google_cloud_run_v2_service.bot.uri, "https://")
    }
  }
}

# The program says ERROR when somebody's photo failed or when something does not work any more.
resource "google_logging_metric" "errors" {
  name   = "deepskin-errors"
  filter = "resource.type=(\"cloud_run_revision\" OR \"cloud_run_worker_pool\") AND jsonPayload.level=\"ERROR\""
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
  depends_on = [google_project_service.apis]
}

locals {
  alerts = {
    "The page does not answer" = {
      filter    = "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND resource.type=\"uptime_url\" AND metric.label.check_id=\"${google_monitoring_uptime_check_config.page.uptime_check_id}\""
      aligner   = "ALIGN_NEXT_OLDER"
      reducer   = "REDUCE_COUNT_FALSE" # places in the world from where it did not
      threshold = 1
      what      = "See the log of the Cloud Run service \"bot\", and whether the database and Redis run."
    }
    "Errors in the log" = {
      filter    = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.errors.name}\" AND resource.type=one_of(\"cloud_run_revision\", \"cloud_run_worker_pool\")"
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      threshold = 3
      what      = "Look for jsonPayload.level=\"ERROR\" in the log of bot and worker."
    }
    "Redis is nearly full" = {
      filter    = "metric.type=\"redis.googleapis.com/stats/memory/usage_ratio\" AND resource.type=\"redis_instance\""
      aligner   = "ALIGN_MEAN"
      reducer   = "REDUCE_MAX"
      threshold = 0.8
      what      = "Full, it takes no more photos. Photos that wait fill it: are there enough workers, and do they work?"
    }
    "The database's disk is nearly full" = {
      filter    = "metric.type=\"cloudsql.googleapis.com/database/disk/utilization\" AND resource.type=\"cloudsql_database\""
      aligner   = "ALIGN_MEAN"
      reducer   = "REDUCE_MAX"
      threshold = 0.9
      what      = "It should have grown by itself: is there a limit or a quota?"
    }
  }
}

resource "google_monitoring_alert_policy" "all" {
  for_each     = local.alerts
  display_name = "DeepSkin: ${each.key}"
  combiner     = "OR"
  conditions {
    display_name = each.key
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = "0s"
      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
      }
    }
  }
  documentation {
    content = each.value.what
  }
  notification_channels = [google_monitoring_notification_channel.email.id]
}
