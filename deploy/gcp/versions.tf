terraform {
  required_version = ">= 1.9"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.5" # the first with probes for worker pools
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.6"
    }
  }
  # The state holds passwords and keys: docs/google-cloud.md makes a private bucket for it.
  backend "gcs" {
    prefix = "deepskin"
  }
}

provider "google" {
  project               = var.project
  region                = var.region
  billing_project       = var.project
  user_project_override = true # the budget's API wants a project to count its calls for
}
