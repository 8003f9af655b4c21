variable "project" {
  description = "ID of the Google Cloud project, which has nothing else in it."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project's ID has 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "billing_account" {
  description = "ID of the billing account that the budget watches: gcloud billing accounts list."
  type        = string
  validation {
    condition     = can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "A billing account's ID looks like 012345-6789AB-CDEF01."
  }
}

variable "region" {
  description = "Region of everything. For GPUs, one where Cloud Run has the L4."
  type        = string
  default     = "europe-west1"
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like europe-west1."
  }
}

variable "image" {
  description = "The image of deploy/Dockerfile with its tag or digest, for the bot and for workers on the CPU."
  type        = string
  validation {
    condition     = can(regex("[:@]", var.image))
    error_message = "Name the image with its tag or digest."
  }
}

variable "gpu_image" {
  description = "An image with ONNX Runtime's CUDA 12 build. With it each worker has an NVIDIA L4; without it (null) workers run on the CPU."
  type        = string
  default     = null
  validation {
    condition     = var.gpu_image == null || can(regex("[:@]", var.gpu_image))
    error_message = "Name the image with its tag or digest."
  }
}

variable "workers" {
  description = "Number of workers. They cost as long as they run, busy or not."
  type        = number
  default     = 1
  validation {
    condition     = var.workers >= 1 && var.workers <= 20 && floor(var.workers) == var.workers
    error_message = "Have 1 to 20 workers."
  }
}

variable "telegram_token" {
  description = "Token from @BotFather. Telegram is off without it."
  type        = string
  default     = ""
  sensitive   = true
}

variable "discord_token" {
  description = "The bot's token from Discord's developer portal. Discord is off without it."
  type        = string
  default     = ""
  sensitive   = true
}

variable "team" {
  description = "Who may look at logs and figures, push images and put models into the registry, like group:deepskin@example.org."
  type        = set(string)
  default     = []
  validation {
    condition     = alltrue([for member in var.team : can(regex("^(user|group|serviceAccount):.+@.+$", member))])
    error_message = "A member looks like user:somebody@example.org or group:team@example.org."
  }
}

variable "alert_email" {
  description = "Where alerts and the budget's warnings go."
  type        = string
  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+$", var.alert_email))
    error_message = "Give an e-mail address."
  }
}

variable "monthly_budget" {
  description = "Amount in the billing account's currency. There are warnings at 50, 90 and 100 percent of it; nothing is switched off."
  type        = number
  default     = 350
  validation {
    condition     = var.monthly_budget >= 1
    error_message = "The budget is 1 or more."
  }
}

variable "high_availability" {
  description = "A standby for Redis and for PostgreSQL in another zone, at twice their price."
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Whether the database, the bot and the workers are kept from being destroyed."
  type        = bool
  default     = true
}

variable "github_repository" {
  description = "The GitHub repository, as owner/name, whose pipelines may push images and deploy. None may without it (null)."
  type        = string
  default     = null
  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "A repository looks like owner/name."
  }
}
