# A network of our own. Redis and PostgreSQL have private addresses in it only.

resource "google_compute_network" "this" {
  name                    = "deepskin"
  auto_create_subnetworks = false
  depends_on              = [google_project_service.apis]
}

resource "google_compute_subnetwork" "run" {
  name                     = "run"
  network                  = google_compute_network.this.id
  region                   = var.region
  ip_cidr_range            = "10.10.0.0/24"
  private_ip_google_access = true # workers read the model registry and have no other way out
}

resource "google_compute_global_address" "services" {
  name          = "services"
  network       = google_compute_network.this.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  address       = "10.20.0.0"
  prefix_length = 20
}

resource "google_service_networking_connection" "services" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.services.name]
  deletion_policy         = "ABANDON" # Google keeps it in use for days after the database is gone
}

# A worker holds the model and nothing else, so the database does not answer it.
resource "google_compute_firewall" "worker_without_database" {
  name               = "worker-without-database"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  target_tags        = ["worker"]
  destination_ranges = ["${google_sql_database_instance.store.private_ip_address}/32"]
  deny {
    protocol = "all"
  }
}
