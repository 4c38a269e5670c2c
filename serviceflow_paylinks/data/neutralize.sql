-- A restored copy must not send to customers, nor charge them, nor speak with Stripe as the original
-- does. `odoo neutralize`, and restoring with that option, run this beside Odoo's own: which turns
-- off every schedule and mail server and takes Stripe's keys away.

-- Stripe: no secret of ours, nothing known of its endpoint. What the original has been paid until
-- now is the original's: whatever Stripe tells of it later is not for this copy
UPDATE payment_provider
   SET paylinks_webhook_secret = NULL,
       paylinks_webhook_secret_previous = NULL,
       paylinks_webhook_ref = NULL,
       paylinks_copied_at = now() AT TIME ZONE 'UTC',
       paylinks_swept_to = now() AT TIME ZONE 'UTC',
       paylinks_sweep_at = NULL,
       paylinks_sweep_failures = 0,
       paylinks_outage_at = NULL;

-- pages at Stripe that customers of the original have open: not to be asked about, nor closed, even
-- when somebody enters keys and turns the schedules on again. What was paid but not booked yet asks
-- nobody, and may be booked
UPDATE payment_transaction
   SET checkout_check_at = CASE WHEN state = 'done' THEN checkout_check_at END,
       checkout_close = NULL,
       checkout_open = NULL,
       checkout_url = NULL
 WHERE payment_link_id IS NOT NULL OR refund_link_id IS NOT NULL;
UPDATE payment_transaction
   SET state = 'cancel',
       state_message = 'Ended in this copy of the database; the original knows how it went on.'
 WHERE (payment_link_id IS NOT NULL OR refund_link_id IS NOT NULL)
   AND state IN ('draft', 'pending');
-- nothing is on its way to this copy
UPDATE payment_link SET state = 'active'
 WHERE state = 'processing'
   AND NOT EXISTS (
       SELECT 1
         FROM payment_transaction
        WHERE payment_link_id = payment_link.id AND state = 'done' AND is_post_processed IS NOT TRUE
);

-- notifications that wait to be tried again
UPDATE payment_link_event
   SET state = 'ignored', error = 'received by the original of this database'
 WHERE state IN ('received', 'failed');

-- what waits to be sent, or was being sent
UPDATE payment_link_message
   SET state = 'cancelled', reason = 'a copy of the database does not send'
 WHERE state IN ('queued', 'held', 'sending');
UPDATE payment_link SET send_waiting = NULL WHERE send_waiting IS NOT NULL;
UPDATE account_move SET paylinks_auto_at = NULL WHERE paylinks_auto_at IS NOT NULL;
-- emails that a clerk wrote, kept for the outbox
UPDATE mail_mail
   SET state = 'cancel'
 WHERE state = 'outgoing'
   AND mail_message_id IN (SELECT id FROM mail_message WHERE model = 'payment.link');

-- what sends by itself
UPDATE res_company SET paylinks_auto_send = NULL;
UPDATE payment_link_reminder_rule SET active = false;

-- our schedules, by name: whoever turns them on in a copy does so knowingly
UPDATE ir_cron
   SET active = false
 WHERE id IN (
       SELECT res_id
         FROM ir_model_data
        WHERE model = 'ir.cron' AND module = 'serviceflow_paylinks'
);
DELETE FROM ir_cron_trigger
 WHERE cron_id IN (
       SELECT res_id
         FROM ir_model_data
        WHERE model = 'ir.cron' AND module = 'serviceflow_paylinks'
);
