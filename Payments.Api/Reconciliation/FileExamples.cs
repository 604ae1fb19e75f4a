namespace Payments.Api.Reconciliation;

/// <summary>The files of reconciliation as the OpenAPI document shows them.</summary>
internal static class FileExamples
{
    public const string Reports =
        "id,run_type,status,slot,created_at,started_at,completed_at,duration_ms,total_checks,passed_checks,"
        + "failed_checks,inconclusive_checks,exceptions_count,requested_by,error_message\r\n"
        + "019cae60-9c50-70d4-b1a7-62c8e3f5d043,daily,completed,2026-03-02T02:00:00.000000Z,"
        + "2026-03-02T02:00:00.100000Z,2026-03-02T02:00:00.200000Z,2026-03-02T02:00:01.400000Z,1200,7,7,0,0,0,"
        + "schedule,\r\n";

    public const string Checks =
        "id,report_id,run_type,check_type,status,passed,expected,actual,difference,currency,items_checked,"
        + "items_found,reason,created_at,started_at,completed_at,duration_ms\r\n"
        + "019cae60-9d01-7b18-90c6-2fd4a8e17b53,019cae60-9c50-70d4-b1a7-62c8e3f5d043,daily,deposits,passed,"
        + "true,250.000000,250.000000,0.000000,USDC,1,0,,2026-03-02T02:00:00.100000Z,"
        + "2026-03-02T02:00:00.300000Z,2026-03-02T02:00:00.400000Z,100\r\n";

    public const string Exceptions =
        "number,id,check_type,kind,severity,status,description,expected,actual,difference,currency,"
        + "account_id,position,payment_id,transaction_id,flow_id,assignee,present,overdue,sightings,reopened,"
        + "created_at,last_seen_at,due_at,resolved_at,resolved_by,resolved_by_key,notes\r\n"
        + "12,019cae60-a2f4-7c31-8d09-5be6147f3a82,deposits,deposit_amount_mismatch,low,open,"
        + "The deposit was posted to ACC-001 with 249.600000 USDC: -0.400000 USDC.,250.000000,249.600000,-0.400000,"
        + "USDC,ACC-001,,,019cae70-10c8-7d21-8b3f-4f6a9c20e815,019cae70-10c8-7d21-8b3f-4f6a9c20e815,,true,false,2,0,"
        + "2026-03-02T02:00:00.400000Z,2026-03-02T03:00:00.400000Z,2026-03-03T02:00:00.400000Z,,,,\r\n";
}
