DELETE FROM export_job WHERE expires_at <= now()
